/**
 * The lines of a chart: each is one or several edges of the machine that are seen as one. What stays where it is has a loop; what can
 * come in every state leads out of a box of its own, apart by whether it always ends there or only once too often.
 */
import { type Drawing, type MergedEdge, mergedEdges, mergedLoop } from '../../machines/drawing/index.ts'
import { type Bundle, eventsOf, type Frame, framed } from './frames.ts'

export type Way = Bundle & {
  /** Not to be taken for another. */
  readonly key: string
  /** The box it leads out of: a state, a frame, '' for what is possible at any time, `someStates`. */
  readonly from: string
  /** Where its events lead there only now and then, what is said above them. */
  readonly when: string | null
}

/** Id and name of the box for ends of single states that are not drawn from each of them. */
export const someStates = 'in some states'
const tooOften = 'once too often'

const wayOf = (bundle: Bundle, from: string, when: string | null = null): Way => ({
  ...bundle,
  ...{ from, when, key: [from, bundle.to, ...(when === null ? [] : [when])].join(' ') },
})

const ofAll = (to: string, events: readonly string[], when: string | null = null): readonly Way[] =>
  events.length === 0 ? [] : [wayOf({ states: [''], to, events, frame: null }, '', when)]

/** Whether an event that can come at any time leads nowhere else. */
const isSure = ({ edges }: Drawing, to: string, event: string): boolean =>
  edges.every((edge) => edge.from !== '' || edge.event !== event || edge.to === to)

const atAnyTime = (drawing: Drawing, edge: MergedEdge): readonly Way[] => {
  const sure = eventsOf(edge).filter((event) => isSure(drawing, edge.to, event))
  const others = eventsOf(edge).filter((event) => !sure.includes(event))
  return [...ofAll(edge.to, sure), ...ofAll(edge.to, others, tooOften)]
}

/** Ends that every state leads to would hide the rest: of single states into these one line is drawn for all. */
const inSomeStates = (always: readonly Way[], edges: readonly MergedEdge[]): readonly Way[] =>
  [...Map.groupBy(edges, ({ to }) => to)].flatMap(([to, into]) => {
    const known = new Set(always.filter((way) => way.to === to).flatMap(({ events }) => events))
    const own = into.filter((edge) => eventsOf(edge).some((event) => !known.has(event)))
    const events = [...new Set(own.flatMap(eventsOf))].filter((event) => !known.has(event))
    const states = own.map(({ from }) => from)
    return events.length === 0 ? [] : [wayOf({ states, to, events, frame: null }, someStates)]
  })

const loops = (drawing: Drawing): readonly Way[] =>
  drawing.states
    .map(({ path }) => mergedLoop(drawing, path))
    .filter(({ edges }) => edges.length > 0)
    .map((edge) =>
      wayOf({ states: [edge.from], to: edge.to, events: eventsOf(edge), frame: null }, edge.from),
    )

export const waysOf = (drawing: Drawing): { readonly frame: Frame | null; readonly ways: readonly Way[] } => {
  const merged = mergedEdges(drawing)
  const ofMachine = merged.filter(({ from }) => from === '')
  const always = ofMachine.flatMap((edge) => atAnyTime(drawing, edge))
  const ends = new Set(
    drawing.states
      .filter(({ path, kind }) => kind === 'final' && ofMachine.some(({ to }) => to === path))
      .map(({ path }) => path),
  )
  const own = merged.filter(({ from }) => from !== '')
  const { frame, bundles } = framed(own.filter(({ to }) => !ends.has(to)))
  const single = bundles.map((bundle) => wayOf(bundle, bundle.frame ?? bundle.states[0]!))
  const hidden = inSomeStates(
    always,
    own.filter(({ to }) => ends.has(to)),
  )
  return { frame, ways: [...always, ...hidden, ...single, ...loops(drawing)] }
}
