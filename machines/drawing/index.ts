/** Pictures of machines: see README.md. */

export { toDot } from './dot.ts'
export {
  childrenOf,
  type Drawing,
  type DrawnEdge,
  type DrawnState,
  draw,
  labelOf,
  type Transition,
  transitionOf,
} from './drawing.ts'
export { fingerprint, fingerprintOf } from './fingerprint.ts'
export { toJson } from './json.ts'
export { type MergedEdge, mergedEdges, mergedLoop, type NoteOf, type Overlay } from './merged.ts'
export { toMermaid } from './mermaid.ts'
export { toScxml } from './scxml.ts'
export { isTaken, type Move, stepLines, strayMoves, type Trail, trailOf } from './trail.ts'
