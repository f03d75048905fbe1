/** A short hash of what a machine does, for noticing that it changed. */
import type { AnyStateMachine } from 'xstate'
import { type Drawing, draw } from './drawing.ts'

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The parts that decide what happens. Descriptions are left out, and the order of states and of events, which decide
 * nothing; the order among edges of one event and of actions is kept, since it does.
 */
const essence = ({ name, states, edges }: Drawing): string => {
  const rows = states
    .map(({ path, kind, initial, entry, exit }) => JSON.stringify([path, kind, initial, entry, exit]))
    .sort(compare)
  const moves = edges
    .map((edge, at) => ({ key: `${edge.from}\n${edge.event}`, at, edge }))
    .sort((a, b) => compare(a.key, b.key) || a.at - b.at)
    .map(({ edge }) =>
      JSON.stringify([edge.from, edge.event, edge.guard, edge.to, edge.reenter, edge.actions]),
    )
  return [name, ...rows, ...moves].join('\n')
}

const prime = 0x100000001b3n
const offset = 0xcbf29ce484222325n

/** FNV-1a, 64 bits, over UTF-16 code units; 16 hexadecimal digits. */
const hash = (text: string): string => {
  let value = offset
  for (let at = 0; at < text.length; at += 1)
    value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(at))) * prime)
  return value.toString(16).padStart(16, '0')
}

export const fingerprintOf = (drawing: Drawing): string => hash(essence(drawing))

/** 16 hexadecimal digits: the same for the same states, transitions, guards and actions, whatever their descriptions. */
export const fingerprint = (machine: AnyStateMachine): string => fingerprintOf(draw(machine))
