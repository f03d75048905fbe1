/** Pictures of machines: see README.md. */

export { toDot } from './dot.ts'
export { childrenOf, type Drawing, type DrawnEdge, type DrawnState, draw, labelOf } from './drawing.ts'
export { fingerprint, fingerprintOf } from './fingerprint.ts'
export { toJson } from './json.ts'
export { labelsOf, loopsOf, type MergedEdge, mergedEdges } from './merged.ts'
export { type Trail, toMermaid, trailKey } from './mermaid.ts'
export { toScxml } from './scxml.ts'
