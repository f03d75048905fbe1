/**
 * States that are left by the same ways: they are drawn in one frame, and each of those ways once, out of the frame. An attempt to
 * deliver ends in a handful of ways whatever it was at; drawn from each of its states these would be most of the lines.
 */
import type { MergedEdge } from '../../machines/drawing/index.ts'

/** Edges of one or several states that lead to the same state on the same events. */
export type Bundle = {
  /** The states it leads from; '' for the machine itself. */
  readonly states: readonly string[]
  readonly to: string
  /** Each once. */
  readonly events: readonly string[]
  /** The frame it leads out of, null where it leads from one state. */
  readonly frame: string | null
}
export type Frame = { readonly id: string; readonly states: readonly string[] }

/** Of fewer states, or with fewer ways out in common, a frame is more to look at than the lines it saves. */
const fewest = { states: 3, ways: 2 } as const

export const eventsOf = ({ edges }: MergedEdge): readonly string[] => [
  ...new Set(edges.map(({ event }) => event)),
]

/** The largest frame that the edges have in common, if there is one. */
const frameOf = (edges: readonly MergedEdge[]): Frame | null => {
  const same = Map.groupBy(edges, (edge) => `${edge.to} ${eventsOf(edge).join(' ')}`)
  const ways = Map.groupBy(same.values(), (alike) => alike.map(({ from }) => from).join(' '))
  const found = [...ways]
    .map(([id, exits]) => ({ id, states: id.split(' '), ways: exits.length }))
    .filter(({ states, ways }) => states.length >= fewest.states && ways >= fewest.ways)
    .toSorted((one, other) => other.states.length * other.ways - one.states.length * one.ways)[0]
  return found === undefined ? null : { id: found.id, states: found.states }
}

/** Edges with one frame around states that are left alike, where there are such. */
export const framed = (
  edges: readonly MergedEdge[],
): { readonly frame: Frame | null; readonly bundles: readonly Bundle[] } => {
  const frame = frameOf(edges.filter(({ from }) => from !== ''))
  const bundles = new Map<string, Bundle>()
  for (const edge of edges) {
    const [events, { from, to }] = [eventsOf(edge), edge]
    const alike = edges.filter((other) => other.to === to && eventsOf(other).join(' ') === events.join(' '))
    const isCommon = frame?.states.every((path) => alike.some((other) => other.from === path)) ?? false
    if (frame?.states.includes(from) && isCommon)
      bundles.set(`${frame.id}\n${to}`, { states: frame.states, to, events, frame: frame.id })
    else bundles.set(`${from}\n${to}`, { states: [from], to, events, frame: null })
  }
  return { frame, bundles: [...bundles.values()] }
}
