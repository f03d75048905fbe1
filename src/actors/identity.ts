/**
 * Time and identity for everything that happens in this process. Time never goes backwards, whatever the clock does; ids
 * begin with time, so that they sort by it, and end with chance, so that two processes never make the same one.
 */
import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's base 32: no i, l, o, u to misread
const chance = randomBytes(8)

const base32 = (value: number, length: number): string => {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text
  return text
}

let latest = 0
let moment = -1
let inMoment = 0
let idPrefix = ''
const idSuffix = base32(chance.readUIntBE(0, 4) % 2 ** 30, 6)

/** Milliseconds since 1970; the same or later than at any call before. */
export const now = (): number => {
  const clock = Date.now()
  if (clock > latest) latest = clock
  return latest
}

/** No time before `time` will be given any more: called at start with the time of the last event in the log. */
export const notBefore = (time: number): void => {
  if (time > latest) latest = time
}

/** 20 characters: 10 of time (milliseconds), 4 of a count within it, 6 of the process. */
export const newId = (): string => {
  const time = now()
  if (time !== moment || inMoment >= 2 ** 20) {
    if (time === moment) notBefore(time + 1)
    moment = now()
    inMoment = 0
    idPrefix = base32(moment, 10)
  }
  return idPrefix + base32(inMoment++, 4) + idSuffix
}

let eventMoment = -1
let eventPrefix = ''
let eventCount = 0
const eventSuffix = chance.toString('hex').slice(4)

/** A UUID of version 7 (RFC 9562 §5.7): time, a count over the process, chance of the process. */
export const newEventId = (time: number): string => {
  if (time !== eventMoment) {
    eventMoment = time
    const hex = time.toString(16).padStart(12, '0')
    eventPrefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
  }
  eventCount = (eventCount + 1) % 2 ** 24
  const count = (eventCount + 2 ** 24).toString(16)
  return `${eventPrefix}${count.slice(1, 4)}-8${count.slice(4)}-${eventSuffix}`
}
