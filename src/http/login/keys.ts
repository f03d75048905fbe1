/** Keys for programs: added, shown once, removed. */
import type { KeyAdded, KeyRemoved } from '../../../machines/vocabulary/events.ts'
import { newEventId } from '../../actors/identity.ts'
import { type EventLog, kindOf, WrongRevision } from '../../log/port.ts'
import type { Role } from './caller.ts'
import { keyStream, type Register } from './register.ts'
import { hashOf, keyName, keyText, newSecret } from './secrets.ts'

export type KeyChanged =
  | { readonly ok: true; readonly position: number }
  | { readonly ok: false; readonly reason: string }

const refused = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason })

/** What changes keys: `register` decides, so it has to be up to date; what came in between is refused by its revision. */
export type KeyHand = { readonly register: Register; readonly log: Pick<EventLog, 'append'> }

export type NewKey = {
  readonly name: string
  readonly role: Role
  /** Its name; null: everything. */
  readonly account: string | null
}

/** Why there can be no new key of this name, or null. */
export const objectionToKey = (name: string, register: Register): string | null => {
  if (!keyName.test(name))
    return `'${name}' is no name for a key: small letters, digits, dots and hyphens, 63 at most`
  return register.key(name) === null
    ? null
    : `there is a key ${name}; remove it first: fsmtp key remove ${name}`
}

/** With `text`, which is nowhere else. */
export const addKey = async (
  hand: KeyHand,
  { name, role, account }: NewKey,
): Promise<KeyChanged & { readonly text?: string }> => {
  const objection = objectionToKey(name, hand.register)
  if (objection !== null) return refused(objection)
  const secret = newSecret()
  const data: KeyAdded = { key: name, role, account, hash: hashOf(secret) }
  const added = await append(hand, name, 'KeyAdded', data)
  return added.ok ? { ...added, text: keyText({ name, secret }) } : added
}

export const removeKey = async (hand: KeyHand, name: string): Promise<KeyChanged> => {
  if (hand.register.key(name) === null) return refused(`there is no key ${name}; see \`fsmtp key list\``)
  const data: KeyRemoved = { key: name }
  return append(hand, name, 'KeyRemoved', data)
}

const append = async (
  { register, log }: KeyHand,
  name: string,
  type: 'KeyAdded' | 'KeyRemoved',
  data: object,
): Promise<KeyChanged> => {
  const [stream, at] = [keyStream(name), Date.now()]
  const event = { id: newEventId(at), kind: kindOf(type, 1, {}), at, data }
  try {
    const { position } = await log.append([{ stream, expected: register.revision(stream), events: [event] }])
    return { ok: true, position }
  } catch (error) {
    if (error instanceof WrongRevision)
      return refused('somebody else changed it at the same moment; try again')
    throw error
  }
}
