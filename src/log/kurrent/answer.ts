/** What the server said to an append. */
import { AppendTooLarge, LogUnavailable } from '../port.ts'
import { safePosition } from './encoding.ts'
import type { Job } from './job.ts'
import { type Streams, shared } from './messages.ts'

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

export const answerOf = (response: Streams.BatchAppendResp): Answer => {
  const success = response.getSuccess()
  if (success) return { kind: 'written', position: safePosition(success.getPosition()?.getCommitPosition()) }
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
