/**
 * SCXML 1.0 (https://www.w3.org/TR/scxml/). Guards stand in `cond` as calls of their names, actions and descriptions as
 * elements of a namespace of our own, which §3.14 and §4 of the recommendation leave room for.
 */
import { childrenOf, type Drawing, type DrawnEdge, type DrawnState } from './drawing.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character]!)
const attribute = (name: string, value: string | null): string =>
  value === null ? '' : ` ${name}="${escaped(value)}"`

/** `(a and not b)` as an expression: `(a(_event) && !b(_event))`. */
const condition = (guard: string | null): string | null =>
  guard === null
    ? null
    : guard
        .split(/(\(\{.*?\}\)|\b(?:and|or|not)\b ?|[A-Za-z_$][\w$.]*)/)
        .map((part) => words[part.trim()] ?? (/^[A-Za-z_$]/.test(part) ? `${part}(_event)` : part))
        .join('')
const words: Readonly<Record<string, string>> = { and: '&& ', or: '|| ', not: '!' }

const actionLines = (actions: readonly string[], indent: string): string[] =>
  actions.map((action) => `${indent}<fsmtp:action${attribute('name', action)}/>`)

const edgeLines = (edge: DrawnEdge, ids: Ids, indent: string): string[] => {
  const target = edge.to === null ? null : ids(edge.to)
  // §3.5: a transition of a state to one inside it leaves and enters the state again, unless it is internal.
  const inward = edge.to !== null && (edge.from === '' || edge.to.startsWith(`${edge.from}.`))
  const internal = inward && !edge.reenter ? 'internal' : null
  const open = `${indent}<transition${attribute('event', edge.event === '' ? null : edge.event)}${attribute('cond', condition(edge.guard))}${attribute('target', target)}${attribute('type', internal)}`
  if (edge.actions.length === 0) return [`${open}/>`]
  return [`${open}>`, ...actionLines(edge.actions, `${indent}  `), `${indent}</transition>`]
}

type Ids = (path: string) => string

const moment = (name: 'onentry' | 'onexit', actions: readonly string[], indent: string): string[] =>
  actions.length === 0
    ? []
    : [`${indent}<${name}>`, ...actionLines(actions, `${indent}  `), `${indent}</${name}>`]

const elements: Readonly<Record<DrawnState['kind'], string>> = {
  atomic: 'state',
  compound: 'state',
  parallel: 'parallel',
  final: 'final',
  history: 'history',
}

const stateLines = (drawing: Drawing, state: DrawnState, ids: Ids, indent: string): string[] => {
  const element = elements[state.kind]
  const inside = `${indent}  `
  const body = [
    ...(state.description === ''
      ? []
      : [`${inside}<fsmtp:description>${escaped(state.description)}</fsmtp:description>`]),
    ...moment('onentry', state.entry, inside),
    ...moment('onexit', state.exit, inside),
    ...drawing.edges
      .filter(({ from }) => from === state.path)
      .flatMap((edge) => edgeLines(edge, ids, inside)),
    ...childrenOf(drawing, state.path).flatMap((child) => stateLines(drawing, child, ids, inside)),
  ]
  const open = `${indent}<${element}${attribute('id', ids(state.path))}${attribute('initial', state.initial === null ? null : ids(state.initial))}`
  return body.length === 0 ? [`${open}/>`] : [`${open}>`, ...body, `${indent}</${element}>`]
}

/** The whole machine as an SCXML document, newline at the end. The machine itself is the one state of the document. */
export const toScxml = (drawing: Drawing): string => {
  const root = drawing.states[0]!
  const ids: Ids = (path) => (path === '' ? `${drawing.name}.machine` : path)
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:fsmtp="urn:fsmtp:machine" version="1.0" datamodel="ecmascript"${attribute('name', drawing.name)}${attribute('initial', ids(''))}>`,
    ...stateLines(drawing, root, ids, '  '),
    '</scxml>',
  ].join('\n')}\n`
}
