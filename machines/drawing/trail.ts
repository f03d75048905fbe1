/** The way a history took through a machine, to be lit in its picture. */
import { type DrawnEdge, labelOf, type Transition } from './drawing.ts'

export type Move = {
  readonly step: number
  /** Paths of the states before and after. */
  readonly from: string
  readonly to: string
  /** The transition that was taken; null where it is not known. */
  readonly transition: Transition | null
}

export type Trail = {
  /** Paths of the states it was in; '' when a transition of the machine itself was taken. */
  readonly states: ReadonlySet<string>
  readonly moves: readonly Move[]
}

export const trailOf = (moves: readonly Move[]): Trail => ({
  states: new Set([
    ...moves.flatMap(({ from, to }) => [from, to]),
    ...moves.flatMap(({ transition }) => (transition?.from === '' ? [''] : [])),
  ]),
  moves,
})

const isOn = ({ from, event, guard }: Transition, { transition }: Move): boolean =>
  transition !== null && transition.from === from && transition.event === event && transition.guard === guard

export const isTaken = (edge: Transition, trail: Trail | undefined): boolean =>
  trail?.moves.some((move) => isOn(edge, move)) ?? false

/** `2, 5-9`. */
const numbersText = (numbers: readonly number[]): string => {
  const runs: [first: number, last: number][] = []
  for (const number of numbers) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] + 1 === number) run[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
}

const grouped = (moves: readonly Move[], keyOf: (move: Move) => string): Map<string, number[]> => {
  const groups = new Map<string, number[]>()
  for (const move of moves) groups.set(keyOf(move), [...(groups.get(keyOf(move)) ?? []), move.step])
  return groups
}

/** `step 3 MAIL`, `step 7 QUIT in identified`: the state is said where the edge is of one around it, or of the machine. */
export const stepLines = (edges: readonly DrawnEdge[], trail: Trail | undefined): string[] =>
  edges.flatMap((edge) => {
    const moves = trail?.moves.filter((move) => isOn(edge, move)) ?? []
    return [...grouped(moves, ({ from }) => (from === edge.from ? '' : ` in ${from}`))].map(
      ([where, steps]) => `step ${numbersText(steps)} ${labelOf(edge)}${where}`,
    )
  })

/** Moves of which only the ends are known, those between the same two states together. */
export const strayMoves = (
  trail: Trail | undefined,
): { readonly from: string; readonly to: string; readonly text: string }[] => {
  const stray = trail?.moves.filter(({ transition }) => transition === null) ?? []
  return [...grouped(stray, ({ from, to }) => `${from}\n${to}`)].map(([ends, steps]) => {
    const [from = '', to = ''] = ends.split('\n')
    return { from, to, text: `step ${numbersText(steps)}` }
  })
}
