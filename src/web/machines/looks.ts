/** How states and edges of a chart are to be looked at: the way a history took, and what lies near a state. */
import type { Chart, ChartEdge } from '../../drawing/chart.ts'

export type Move = { readonly from: string; readonly to: string; readonly input: string }

/** Which edge a move went along: that of its own state, or one that is possible at any time, as in the machine. */
export const edgeOf = ({ edges }: Chart, { from, to, input }: Move): ChartEdge | undefined => {
  const own = edges.filter((edge) => edge.to === to && edge.states.includes(from))
  // What stays where it is by a rule for every state is the loop of the box for all of them.
  const ofAll = edges.filter((edge) => edge.from === '' && edge.to === (from === to ? '' : to))
  return (
    [...own, ...ofAll].find(({ events }) => events.includes(input)) ??
    ofAll.find(({ events }) => events.includes('*')) ??
    own[0] ??
    ofAll[0]
  )
}

export type Looks = {
  readonly last: ChartEdge | undefined
  /** With the events that led along each, in their order; of the last only its own. */
  readonly taken: ReadonlyMap<ChartEdge, readonly string[]>
  readonly been: ReadonlySet<string>
}

export const looksOf = (chart: Chart, way: readonly Move[]): Looks => {
  const taken = new Map<ChartEdge, readonly string[]>()
  for (const move of way) {
    const edge = edgeOf(chart, move)
    if (edge === undefined) continue
    const before = taken.get(edge) ?? []
    if (!before.includes(move.input)) taken.set(edge, [...before, move.input])
  }
  const move = way.at(-1)
  const last = move === undefined ? undefined : edgeOf(chart, move)
  if (last !== undefined && move !== undefined) taken.set(last, [move.input])
  const boxes = [...taken.keys()].map(({ from }) => from)
  return { last, taken, been: new Set([...way.flatMap(({ from, to }) => [from, to]), ...boxes]) }
}

/** What is written on an edge: the events that led along it, in full, as far as there is room; all that could while none did. */
export const wordsOn = ({ label, when }: ChartEdge, taken: readonly string[] = []): readonly string[] => {
  if (label === null || taken.length === 0) return label?.lines ?? []
  const heading = when === null ? [] : [`${when}:`]
  const room = Math.max(1, label.lines.length - heading.length)
  if (taken.length <= room) return [...heading, ...taken]
  const shown = taken.slice(0, Math.max(1, room - 1))
  return [...heading, ...shown, ...(room === 1 ? [] : [`+ ${taken.length - shown.length} more`])]
}

export const edgeClass = (edge: ChartEdge, { last, taken }: Looks, canCome: boolean): string => {
  if (edge === last) return 'edge last'
  const parts = [taken.has(edge) ? 'taken' : '', canCome ? 'next' : '']
  return `edge ${parts.join(' ')}`
}

/** An edge that leads to a state, or from it. */
export const isNear = ({ from, to, states }: ChartEdge, path: string): boolean =>
  from === path || to === path || states.includes(path)

/** A state, and those that one edge lies between. */
export const nearOf = ({ edges }: Chart, path: string): ReadonlySet<string> =>
  new Set([
    path,
    ...edges
      .filter((edge) => isNear(edge, path))
      .flatMap(({ from, to, states }) => (to === path ? [from, ...states] : [to])),
  ])
