/** A machine's definition as JSON: the same machine gives the same bytes. */
import { childrenOf, type Drawing, type DrawnState } from './drawing.ts'
import { fingerprintOf } from './fingerprint.ts'

const stateOf = (drawing: Drawing, state: DrawnState): object => {
  const children = childrenOf(drawing, state.path)
  return {
    path: state.path,
    name: state.name,
    kind: state.kind,
    description: state.description,
    ...(state.initial === null ? {} : { initial: state.initial }),
    ...(state.entry.length === 0 ? {} : { entry: state.entry }),
    ...(state.exit.length === 0 ? {} : { exit: state.exit }),
    ...(children.length === 0 ? {} : { states: children.map((child) => stateOf(drawing, child)) }),
  }
}

/**
 * `{name, fingerprint, initial, description (where it has one), states (nested), transitions [{from, to|null, event, guard|null, actions}]}`,
 * indented, newline at the end; `beside`: further fields. `from` is '' for a transition of the machine itself, `to` null where no state changes.
 */
export const toJson = (drawing: Drawing, beside: object = {}): string => {
  const root = drawing.states[0]!
  const definition = {
    name: drawing.name,
    fingerprint: fingerprintOf(drawing),
    initial: root.initial,
    ...(root.description === '' ? {} : { description: root.description }),
    states: childrenOf(drawing, '').map((state) => stateOf(drawing, state)),
    transitions: drawing.edges,
    ...beside,
  }
  return `${JSON.stringify(definition, null, 2)}\n`
}
