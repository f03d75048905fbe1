/** How the server says no: for a call that fails, a gRPC status with metadata; inside a batch, a status with details. */
import { status as code, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { AppendOutcome, Expected } from './log.ts'
import { any, empty, revisionText, type Statuses, shared, status, streamIdentifier } from './messages.ts'

export type Endpoint = { readonly host: string; readonly port: number }

const failure = (
  what: number,
  details: string,
  metadata: Readonly<Record<string, string>> = {},
): Partial<ServiceError> & Error => {
  const more = new Metadata()
  for (const [key, value] of Object.entries(metadata)) more.set(key, value)
  return Object.assign(new Error(details), { code: what, details, metadata: more })
}

export type Failure = ReturnType<typeof failure>

export const accessDenied = (): Failure =>
  failure(code.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' })
export const unauthenticated = (): Failure => failure(code.UNAUTHENTICATED, 'Unauthenticated')
export const notLeader = ({ host, port }: Endpoint): Failure =>
  failure(code.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  })
export const tooBusy = (): Failure => failure(code.UNAVAILABLE, 'Server Is Too Busy')
export const notReady = (): Failure => failure(code.UNAVAILABLE, 'Server Is Not Ready')
export const timedOut = (): Failure => failure(code.ABORTED, 'Operation timed out: Prepare phase timeout.')
export const streamDeleted = (stream: string): Failure =>
  failure(code.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })
export const tooLarge = (limit: number): Failure =>
  failure(code.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  })
export const invalidPosition = (): Failure =>
  failure(code.INVALID_ARGUMENT, 'Trying to read from an invalid position.')
export const invalidArgument = (what: string): Failure => failure(code.INVALID_ARGUMENT, what)
export const dropped = (): Failure => failure(code.CANCELLED, 'The server has cancelled the call.')

/** The numbers under which an expectation that is no revision travels in text. */
const expectedNumber = (expected: Expected): string =>
  expected === 'any' ? '-2' : expected === 'stream exists' ? '-4' : String(expected)

export const wrongRevisionOnDelete = (stream: string, expected: Expected, actual: number): Failure =>
  failure(
    code.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expectedNumber(expected)}, Actual version: ${actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': expectedNumber(expected),
      'actual-version': String(actual),
    },
  )

const packed = (name: string, message: { serializeBinary(): Uint8Array }) => {
  const details = new any.Any()
  details.pack(message.serializeBinary(), name)
  return details
}
const inBatch = (what: number, name: string, message: { serializeBinary(): Uint8Array }): Statuses.Status =>
  new status.Status()
    .setCode(what)
    .setMessage(name)
    .setDetails(packed(`event_store.client.${name}`, message))

const batchWrongRevision = (expected: Expected, actual: number): Statuses.Status => {
  const details = new shared.WrongExpectedVersion()
  if (actual < 0) details.setCurrentNoStream(new empty.Empty())
  else details.setCurrentStreamRevision(revisionText(actual))
  if (expected === 'any') details.setExpectedAny(new empty.Empty())
  else if (expected === 'stream exists') details.setExpectedStreamExists(new empty.Empty())
  else if (expected < 0) details.setExpectedNoStream(new empty.Empty())
  else details.setExpectedStreamPosition(String(expected))
  return inBatch(code.ALREADY_EXISTS, 'WrongExpectedVersion', details)
}

/** The refusals an append in a batch is answered with. */
export const batchRefusal = {
  accessDenied: (): Statuses.Status =>
    inBatch(code.PERMISSION_DENIED, 'AccessDenied', new shared.AccessDenied()),
  timeout: (): Statuses.Status => inBatch(code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout()),
  tooLarge: (limit: number): Statuses.Status =>
    inBatch(
      code.INVALID_ARGUMENT,
      'MaximumAppendSizeExceeded',
      new shared.MaximumAppendSizeExceeded().setMaxappendsize(limit),
    ),
  badRequest: (message: string): Statuses.Status =>
    inBatch(code.INVALID_ARGUMENT, 'BadRequest', new shared.BadRequest().setMessage(message)),
  /** The server has no details for this one, so that the client cannot tell it from others. */
  tooBusy: (): Statuses.Status =>
    new status.Status()
      .setMessage('Server Is Busy')
      .setDetails(packed('google.protobuf.Empty', new empty.Empty())),
  of: (
    outcome: Exclude<AppendOutcome, { readonly kind: 'written' }>,
    stream: string,
    expected: Expected,
  ): Statuses.Status =>
    outcome.kind === 'wrong revision'
      ? batchWrongRevision(expected, outcome.actual)
      : inBatch(
          code.NOT_FOUND,
          'StreamDeleted',
          new shared.StreamDeleted().setStreamIdentifier(streamIdentifier(stream)),
        ),
}
