/** How states and edges of a chart are to be looked at: the way a history took, and what lies near a state. */
import type { Chart, ChartEdge } from '../../drawing/chart.ts'

export type Move = { readonly from: string; readonly to: string; readonly input: string }

export const edgeKey = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  `${from} ${to}`

/** Which edge a move went along: that of its own state, or one that is possible at any time. */
export const edgeOf = ({ edges }: Chart, { from, to, input }: Move): ChartEdge | undefined => {
  const own = edges.filter((edge) => edge.to === to && edge.states.includes(from))
  return (
    own.find(({ events }) => events.includes(input)) ??
    own[0] ??
    edges.find((edge) => edge.from === '' && edge.to === to)
  )
}

export type Looks = {
  readonly last: ChartEdge | undefined
  readonly taken: ReadonlySet<ChartEdge>
  readonly been: ReadonlySet<string>
}

export const looksOf = (chart: Chart, way: readonly Move[]): Looks => {
  const last = way.at(-1)
  const taken = way.flatMap((move) => (move.from === move.to ? [] : (edgeOf(chart, move) ?? [])))
  return {
    last: last === undefined || last.from === last.to ? undefined : edgeOf(chart, last),
    taken: new Set(taken),
    been: new Set(way.flatMap(({ from, to }) => [from, to])),
  }
}

export const edgeClass = (edge: ChartEdge, { last, taken }: Looks, canCome: boolean): string => {
  if (edge === last) return 'edge last'
  const parts = [taken.has(edge) ? 'taken' : '', canCome ? 'next' : '']
  return `edge ${parts.join(' ')}`
}

/** An edge that leads to a state, or from it. */
export const isNear = ({ to, states }: ChartEdge, path: string): boolean =>
  to === path || states.includes(path)

/** A state, and those that one edge lies between. */
export const nearOf = ({ edges }: Chart, path: string): ReadonlySet<string> =>
  new Set([
    path,
    ...edges
      .filter((edge) => isNear(edge, path))
      .flatMap(({ to, states }) => (to === path ? [...states] : [to])),
  ])
