/** What came of something that was asked of deliveries, as it is told of each. */
import type { Act } from '../../machines/delivery/inputs.ts'
import type { Acted } from '../control.ts'
import type { Delivery } from '../views/answers/deliveries.ts'
import { type Doing, fits, notedBefore, stateOf, statusOf, type Told } from './act-words.ts'

/** With whether a server runs. */
export type Served = Doing & { readonly served: boolean }

/** As it would be told of a delivery, were it done now. */
export const foretold = (delivery: Delivery, doing: Served): Told => {
  const { id, status } = delivery
  if (!fits(doing, delivery)) return refusedOf(delivery, doing)
  // As the schema and the command have it: noted in the middle of an attempt.
  const noted = status === 'active' &&
    doing.served && { noted: doing.act.toLowerCase() as 'hold' | 'cancel' | 'release' }
  return { id, done: true, state: stateOf(status), status, ...noted }
}

const isDone = ({ done }: Acted, { of, beside, act }: Doing): boolean => {
  if (done === null) return false
  if (done.noted !== undefined) return done.noted === act.toLowerCase()
  const [before, after] = [statusOf(done.before), statusOf(done.after)]
  // The attempt that was under way has ended, or had been cut off.
  const wasOver = before === 'active' && after !== 'active' && beside !== undefined
  return (of.includes(before) || wasOver) && aims[act].includes(after)
}

/** The statuses it may have when it was done: the next attempt can have begun, and ended. */
const aims: Readonly<Record<Act, readonly string[]>> = {
  RETRY: ['queued', 'deferred', 'active'],
  HOLD: ['held'],
  RELEASE: ['deferred', 'active'],
  CANCEL: ['cancelled'],
}

/** What came of an act that was asked for; `noted` is what stood noted before. */
export const toldOf = (acted: Acted, doing: Served, noted: Delivery['noted']): Told => {
  const { id, done, error } = acted
  if (error !== undefined) return { id, done: false, state: null, status: null, reason: error }
  if (done === null)
    return { ...{ id, done: false, state: null, status: null }, reason: 'there is no such delivery' }
  const after = { state: done.after, status: statusOf(done.after) }
  if (isDone(acted, doing)) return { id, done: true, ...after, ...(done.noted && { noted: done.noted }) }
  const [from, to] = [statusOf(done.before), after.status]
  // The attempt has ended meanwhile: what it has come to says more.
  const status = from === 'active' && doing.beside !== undefined ? to : from
  return { ...refusedOf({ id, status, noted }, doing), ...after }
}

type Standing = Pick<Delivery, 'id' | 'status' | 'noted'>
/** Why it is not done to a delivery of this status. */
export const refusedOf = ({ id, status, noted }: Standing, { instead, served }: Served): Told => {
  const cutOff = 'its attempt was cut off, and is taken up when the server is started'
  const hint = status !== 'active' ? instead[status]?.[0] : served ? activeHint(noted, instead) : cutOff
  const reason = `it is ${status}${hint === undefined ? '' : `; ${hint}`}`
  return { id, done: false, state: stateOf(status), status, reason }
}

const activeHint = (noted: Delivery['noted'], instead: Doing['instead']): string | undefined =>
  noted === null ? instead.active?.[0] : notedBefore[noted]
