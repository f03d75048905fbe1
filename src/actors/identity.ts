/**
 * Time and identity for everything that happens in this process. Time never goes backwards, whatever the clock does; ids
 * begin with time, so that they sort by it, and end with chance, so that two processes never make the same one.
 */
import { randomBytes } from 'node:crypto'
import { Clock } from './clock.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's base 32: no i, l, o, u to misread

const base32 = (value: number, length: number): string => {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text
  return text
}

/** Makes names that sort by the time of `clock`. One for each process: two with one clock each know nothing of the other's count. */
export class Names {
  readonly #clock: Clock
  readonly #idSuffix: string
  readonly #eventSuffix: string
  #moment = -1
  #inMoment = 0
  #idPrefix = ''
  #eventMoment = -1
  #eventPrefix = ''
  #eventCount = 0

  /** `chance` is eight bytes that no other process has. */
  constructor({ clock, chance }: { readonly clock: Clock; readonly chance: Buffer }) {
    this.#clock = clock
    this.#idSuffix = base32(chance.readUIntBE(0, 4) % 2 ** 30, 6)
    this.#eventSuffix = chance.toString('hex').slice(4)
  }

  /** 20 characters: 10 of time (milliseconds), 4 of a count within it, 6 of the process. */
  id(): string {
    const time = this.#clock.now()
    if (time !== this.#moment || this.#inMoment >= 2 ** 20) {
      if (time === this.#moment) this.#clock.notBefore(time + 1)
      this.#moment = this.#clock.now()
      this.#inMoment = 0
      this.#idPrefix = base32(this.#moment, 10)
    }
    return this.#idPrefix + base32(this.#inMoment++, 4) + this.#idSuffix
  }

  /** A UUID of version 7 (RFC 9562 §5.7): time, a count over the process, chance of the process. */
  eventId(time: number): string {
    if (time !== this.#eventMoment) {
      this.#eventMoment = time
      const hex = time.toString(16).padStart(12, '0')
      this.#eventPrefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
    }
    this.#eventCount = (this.#eventCount + 1) % 2 ** 24
    const count = (this.#eventCount + 2 ** 24).toString(16)
    return `${this.#eventPrefix}${count.slice(1, 4)}-8${count.slice(4)}-${this.#eventSuffix}`
  }
}

const clock = new Clock({ wall: Date.now, steady: () => performance.now() })
const names = new Names({ clock, chance: randomBytes(8) })

/** Milliseconds since 1970; the same or later than at any call before. */
export const now = (): number => clock.now()

/** No time before `time` will be given any more: called at start with the time of the last event in the log. */
export const notBefore = (time: number): void => clock.notBefore(time)

/** The name of a session or a message (`Names.id`). */
export const newId = (): string => names.id()

/** Ids that were given by `time`, milliseconds since 1970, sort before this, later ones behind it. */
export const idsUpTo = (time: number): string =>
  time + 1 < 32 ** 10 ? base32(Math.max(0, Math.floor(time)) + 1, 10) : '~'

/** The name of an event (`Names.eventId`). */
export const newEventId = (time: number): string => names.eventId(time)
