/** What the server said to an append. */
import { AppendTooLarge, LogUnavailable } from '../port.ts'
import { safePosition } from './encoding.ts'
import type { Job } from './job.ts'
import { type Streams, shared, streams } from './messages.ts'
import { delimited, Fields, varint } from './protobuf.ts'

export type Answer =
  /** Null where it was there already and the server does not say where. */
  | { readonly kind: 'written'; readonly position: number | null }
  /** `actual`: null where the server does not say. */
  | { readonly kind: 'wrong revision'; readonly actual: number | null }
  | { readonly kind: 'too large'; readonly limit: number }
  | { readonly kind: 'refused'; readonly why: string }
  /** It may have been written, or not. */
  | { readonly kind: 'unknown'; readonly why: string }

const name = (short: string): string => `event_store.client.${short}`

export type Said = { readonly correlation: number; readonly answer: Answer }

/**
 * `BatchAppendResp` of `streams.proto`: 1 correlation UUID | 2 error | 3 success { 3 position { 1 commit } }; a UUID is 2 text, or
 * 1 structured { 1 most, 2 least significant bits }. Where there is an error, the generated classes read it.
 */
export const readAnswer = (bytes: Buffer): Said => {
  const fields = new Fields(bytes)
  let correlation = 0
  let answer: Answer | null = null
  for (let tag = fields.next(); tag !== 0; tag = fields.next()) {
    if (tag === delimited(1)) correlation = numberOf(fields.message())
    else if (tag === delimited(3)) answer = { kind: 'written', position: positionIn(fields.message()) }
    else fields.pass(tag)
  }
  return { correlation, answer: answer ?? refusalIn(streams.BatchAppendResp.deserializeBinary(bytes)) }
}

/** The last 48 bits, in which we count. */
const numberOf = (uuid: Fields): number => {
  for (let tag = uuid.next(); tag !== 0; tag = uuid.next()) {
    if (tag === delimited(2)) return Number.parseInt(uuid.ascii().slice(24), 16)
    if (tag === delimited(1)) return leastOf(uuid.message())
    uuid.pass(tag)
  }
  return 0
}

const leastOf = (halves: Fields): number => {
  for (let tag = halves.next(); tag !== 0; tag = halves.next()) {
    if (tag === varint(2)) return halves.low48()
    halves.pass(tag)
  }
  return 0
}

const positionIn = (success: Fields): number | null => {
  for (let tag = success.next(); tag !== 0; tag = success.next()) {
    if (tag === delimited(3)) return commitIn(success.message())
    success.pass(tag)
  }
  return null
}

/** A zero is left out of a message. */
const commitIn = (position: Fields): number | null => {
  for (let tag = position.next(); tag !== 0; tag = position.next()) {
    if (tag === varint(1)) return safePosition(position.number())
    position.pass(tag)
  }
  return 0
}

const refusalIn = (response: Streams.BatchAppendResp): Answer => {
  const error = response.getError()
  const details = error?.getDetails()
  const why = error?.getMessage() || details?.getTypeName() || 'no reason given'
  switch (details?.getTypeName()) {
    case name('WrongExpectedVersion'):
      return { kind: 'wrong revision', actual: actualOf(details.getValue_asU8()) }
    case name('MaximumAppendSizeExceeded'):
      return { kind: 'too large', limit: limitOf(details.getValue_asU8()) }
    case name('AccessDenied'):
    case name('StreamDeleted'):
    case name('BadRequest'):
    case name('InvalidTransaction'):
      return { kind: 'refused', why }
    default:
      return { kind: 'unknown', why }
  }
}

const actualOf = (bytes: Uint8Array): number | null => {
  const details = shared.WrongExpectedVersion.deserializeBinary(bytes)
  if (details.hasCurrentNoStream()) return -1
  return details.hasCurrentStreamRevision() ? safePosition(details.getCurrentStreamRevision()) : null
}

const limitOf = (bytes: Uint8Array): number =>
  shared.MaximumAppendSizeExceeded.deserializeBinary(bytes).getMaxappendsize()

export const refusalOf = (
  { size }: Job,
  answer: Extract<Answer, { kind: 'too large' } | { kind: 'refused' }>,
): Error =>
  answer.kind === 'too large'
    ? new AppendTooLarge(`the database takes ${answer.limit} bytes in one append, not ${size}`)
    : new LogUnavailable(`the database refused an append: ${answer.why}`)
