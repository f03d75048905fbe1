/** History laid over a picture: how often an edge was taken, and how long the state before it lasted. */
import {
  type Drawing,
  type MergedEdge,
  mergedEdges,
  mergedLoop,
  type NoteOf,
} from '../../machines/drawing/index.ts'

/** One row of the view of state flow: the moves from one state to another on one machine event. */
export type Flow = {
  readonly from: string
  readonly to: string
  readonly input: string
  readonly count: number
  /** Mean time spent in `from` before the move, milliseconds. */
  readonly meanMs: number
}
export type Counts = readonly Flow[]

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/** `3.2 s`, `120 ms`. */
export const durationText = (milliseconds: number): string => {
  const unit = units.find(([, size]) => milliseconds >= size)
  if (unit === undefined) return `${Math.round(milliseconds)} ms`
  const [name, size] = unit
  const value = milliseconds / size
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`
}

const within = (path: string, state: string): boolean =>
  state === '' || path === state || path.startsWith(`${state}.`)

const carries = ({ from, to, edges }: MergedEdge, flow: Flow): boolean =>
  within(flow.from, from) &&
  (from === to ? flow.from === flow.to : within(flow.to, to)) &&
  edges.some(({ event }) => event === flow.input || event === '*')

/** The merged edge a row belongs to: the innermost state that has such an edge decides, as in the machine. */
const ownerOf = (flow: Flow, all: readonly MergedEdge[]): MergedEdge | undefined =>
  all
    .filter((edge) => carries(edge, flow))
    .sort((a, b) => b.from.length - a.from.length || b.to.length - a.to.length)[0]

export type Total = { readonly count: number; readonly meanMs: number }

/** Total of each merged edge; an edge never taken has none. */
export const totalsOf = (counts: Counts, all: readonly MergedEdge[]): ReadonlyMap<MergedEdge, Total> => {
  const totals = new Map<MergedEdge, Total>()
  for (const flow of counts) {
    const edge = ownerOf(flow, all)
    if (edge === undefined) continue
    const { count, meanMs } = totals.get(edge) ?? { count: 0, meanMs: 0 }
    const sum = count + flow.count
    if (sum > 0) totals.set(edge, { count: sum, meanMs: (count * meanMs + flow.count * flow.meanMs) / sum })
  }
  return totals
}

export const never = 'never'

/** `1,204 times, after 35 ms`; `never`. */
export const countText = (total: Total | undefined): string =>
  total === undefined
    ? never
    : `${total.count.toLocaleString('en')} ${total.count === 1 ? 'time' : 'times'}, after ${durationText(total.meanMs)}`

/** What to write on each edge of a picture, and in each state on what stays there. */
export const countNotes = (drawing: Drawing, counts: Counts): NoteOf => {
  const all = [
    ...mergedEdges(drawing),
    ...drawing.states.map(({ path }) => mergedLoop(drawing, path)).filter(({ edges }) => edges.length > 0),
  ]
  const totals = totalsOf(counts, all)
  const texts = new Map(all.map((edge) => [`${edge.from}\n${edge.to}`, countText(totals.get(edge))]))
  return ({ from, to }) => texts.get(`${from}\n${to}`) ?? ''
}
