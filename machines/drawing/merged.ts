/** Edges as a picture shows them: many between the same two states become one, those that change no state stay inside. */
import { type Drawing, type DrawnEdge, labelOf } from './drawing.ts'
import { isTaken, stepLines, type Trail } from './trail.ts'

export type MergedEdge = {
  readonly from: string
  readonly to: string
  readonly edges: readonly DrawnEdge[]
}

/** Edges that lead elsewhere, one for each pair of states, in the order of their first edge. */
export const mergedEdges = ({ edges }: Drawing): MergedEdge[] => {
  const pairs = new Map<string, { from: string; to: string; edges: DrawnEdge[] }>()
  for (const edge of edges) {
    if (edge.to === null || edge.to === edge.from) continue
    const key = `${edge.from}\n${edge.to}`
    const pair = pairs.get(key) ?? { from: edge.from, to: edge.to, edges: [] }
    pair.edges.push(edge)
    pairs.set(key, pair)
  }
  return [...pairs.values()]
}

/** Edges after which the machine is where it was. */
export const loopsOf = ({ edges }: Drawing, path: string): DrawnEdge[] =>
  edges.filter(({ from, to }) => from === path && (to === null || to === from))

/** A remark on everything that leads from one state to another, or stays; '' for none. */
export type NoteOf = (ends: Pick<MergedEdge, 'from' | 'to'>) => string

/** What may be laid over a picture. */
export type Overlay = { readonly trail?: Trail | undefined; readonly note?: NoteOf | undefined }

/** What stands on an edge, or in a state of those that stay: the note, the steps that were taken, and what else is possible. */
export const linesOn = (merged: MergedEdge, { trail, note }: Overlay): string[] => {
  const remark = note?.(merged) ?? ''
  return [
    ...(remark === '' ? [] : [remark]),
    ...stepLines(merged.edges, trail),
    ...labelsOf(merged.edges.filter((edge) => !isTaken(edge, trail))),
  ]
}

/** Edges after which the machine is where it was, as one. */
export const mergedLoop = (drawing: Drawing, path: string): MergedEdge => ({
  from: path,
  to: path,
  edges: loopsOf(drawing, path),
})

/** Events of `edges`, with those of several guards named once: `STARTTLS [a | b]`; without a guard where one edge has none. */
export const labelsOf = (edges: readonly DrawnEdge[]): string[] => {
  const byEvent = new Map<string, (string | null)[]>()
  for (const { event, guard } of edges) byEvent.set(event, [...(byEvent.get(event) ?? []), guard])
  return [...byEvent].map(([event, guards]) => {
    return labelOf({ event, guard: guards.includes(null) ? null : guards.join(' | ') })
  })
}
