/**
 * A machine as a picture needs it: states with their sentences, nesting, and edges with what is asked and done on them.
 * Everything else here (Mermaid, DOT, SCXML, JSON, the fingerprint) is written from a drawing, never from the machine.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { about } from './about.ts'
import { nameOfAction, nameOfGuard } from './names.ts'

export type StateKind = 'atomic' | 'compound' | 'parallel' | 'final' | 'history'

export type DrawnState = {
  /** Keys from the root, joined by dots: `receiving.content`; '' for the machine itself. */
  readonly path: string
  /** The last key of the path; the machine's id for the root. */
  readonly name: string
  /** Path of the state around it, null for the root. */
  readonly parent: string | null
  readonly kind: StateKind
  /** Path of the state one starts in, null where there is none. */
  readonly initial: string | null
  readonly description: string
  readonly entry: readonly string[]
  readonly exit: readonly string[]
}

export type DrawnEdge = {
  readonly from: string
  /** Path of the state it leads to; null when it changes no state. */
  readonly to: string | null
  /** The machine event, `*` for any not named. */
  readonly event: string
  readonly guard: string | null
  readonly actions: readonly string[]
  /** True when the state is left and entered again. */
  readonly reenter: boolean
}

export type Drawing = {
  readonly name: string
  /** Every state in document order, the machine itself first. */
  readonly states: readonly DrawnState[]
  /** In document order: among edges of one state and event the first whose guard says yes is taken. */
  readonly edges: readonly DrawnEdge[]
}

const pathOf = (node: AnyStateNode): string => node.path.join('.')

const drawState = (node: AnyStateNode): DrawnState => ({
  path: pathOf(node),
  name: node.parent === undefined ? node.machine.id : node.key,
  parent: node.parent === undefined ? null : pathOf(node.parent),
  kind: node.type,
  initial: node.type === 'compound' ? pathOf(node.initial.target[0]!) : null,
  description: node.description ?? (node.parent === undefined ? about[node.machine.id] : undefined) ?? '',
  entry: node.entry.map((action) => nameOfAction(action, pathOf(node))),
  exit: node.exit.map((action) => nameOfAction(action, pathOf(node))),
})

/** What tells a transition from all others of its machine. */
export type Transition = Pick<DrawnEdge, 'from' | 'event' | 'guard'>

/** A transition of XState's as pictures know it. */
export const transitionOf = ({ source, eventType, guard }: AnyTransitionDefinition): Transition => ({
  from: pathOf(source),
  event: eventType,
  guard: nameOfGuard(guard, pathOf(source)),
})

const drawEdges = (node: AnyStateNode): DrawnEdge[] =>
  [...node.transitions.values(), node.always ?? []].flat().map((transition) => ({
    from: pathOf(node),
    to: transition.target?.[0] === undefined ? null : pathOf(transition.target[0]),
    event: transition.eventType,
    guard: nameOfGuard(transition.guard, pathOf(node)),
    actions: transition.actions.map((action) => nameOfAction(action, pathOf(node))),
    reenter: transition.reenter,
  }))

const withDescendants = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap((child) => withDescendants(child)),
]

/**
 * The drawing of a machine made with `setup().createMachine()`.
 * @throws Error when a guard or an action is an inline function: it has no name, so it cannot be drawn.
 */
export const draw = (machine: AnyStateMachine): Drawing => {
  const nodes = withDescendants(machine.root)
  return { name: machine.id, states: nodes.map(drawState), edges: nodes.flatMap(drawEdges) }
}

/** The children of a state, in document order; of the machine itself with ''. */
export const childrenOf = ({ states }: Drawing, path: string): DrawnState[] =>
  states.filter(({ parent }) => parent === path)

/** `MAIL [senderRefused]`: how an edge is labelled everywhere. */
export const labelOf = ({ event, guard }: Pick<DrawnEdge, 'event' | 'guard'>): string =>
  guard === null
    ? event === '*'
      ? 'anything else'
      : event
    : `${event === '*' ? 'anything else' : event} [${guard}]`
