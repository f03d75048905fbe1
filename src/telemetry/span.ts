/** What a span is, and the ids it has: hashes of what it tells of, so that whoever tells more of it knows them. */
import { hash } from 'node:crypto'
import { messageOf } from '../delivery/ids.ts'

/** Undefined where there is nothing to say. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** In hex: 16 bytes and 8. */
export type Place = { readonly trace: string; readonly span: string }

export type Span = {
  readonly place: Place
  /** Within the same trace; null for its first. */
  readonly parent: string | null
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer'
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: Attributes
  /** Spans of other traces that belong to it. */
  readonly links: readonly Place[]
  /** A stable code where it went wrong, as seen from here. */
  readonly fault: string | null
}

const digest = (text: string, length: number): string => hash('sha256', text, 'hex').slice(0, length)
const traceOf = (text: string): string => digest(`trace of ${text}`, 32)
const spanOf = (text: string): string => digest(`span of ${text}`, 16)

const placeIn = (trace: string, span: string): Place => ({ trace: traceOf(trace), span: spanOf(span) })

export const sessionPlace = (session: string): Place => placeIn(`session ${session}`, `session ${session}`)

/** `nth` transaction of its session, from 1. */
export const transactionPlace = (session: string, nth: number): Place =>
  placeIn(`session ${session}`, `transaction ${session} ${nth}`)

export const messagePlace = (message: string): Place => placeIn(`message ${message}`, `message ${message}`)

export const deliveryPlace = (delivery: string): Place =>
  placeIn(`message ${messageOf(delivery)}`, `delivery ${delivery}`)

/** `nth` attempt of its delivery, from 1. */
export const attemptPlace = (delivery: string, nth: number): Place =>
  placeIn(`message ${messageOf(delivery)}`, `attempt ${delivery} ${nth}`)
