/** Appends: one call each (`Append`), or all of a client's in one stream of requests and answers (`BatchAppend`). */
import type { ServerDuplexStream, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js'
import { type BatchRequest, batchSuccess } from './bytes.ts'
import { batchRefusal, notLeader, streamDeleted, timedOut, tooBusy, tooLarge } from './errors.ts'
import type { AppendAct } from './faults.ts'
import type { Host } from './host.ts'
import type { AppendOutcome, Expected, ProposedRecord } from './log.ts'
import {
  idText,
  revisionText,
  type Statuses,
  type Streams,
  shared,
  streamNamed,
  streams,
  structuredId,
} from './messages.ts'

type Asked = { readonly stream: string; readonly expected: Expected; readonly records: ProposedRecord[] }

const recordOf = (message: Streams.AppendReq.ProposedMessage): ProposedRecord => ({
  id: idText(message.getId()),
  type: message.getMetadataMap().get('type') ?? '',
  json: message.getMetadataMap().get('content-type') === 'application/json',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
})

/** What counts against the largest append: bodies, and types at two bytes a character. */
const sizeOf = (records: readonly ProposedRecord[]): number =>
  records.reduce((sum, { type, data, metadata }) => sum + data.length + metadata.length + 2 * type.length, 0)

/** Waits for the writer, then writes unless a fault or the caller's going says otherwise. */
const write = (
  host: Host,
  asked: Asked,
  {
    gone,
    drop,
    answer,
  }: {
    readonly gone: () => boolean
    readonly drop: () => void
    readonly answer: (outcome: AppendOutcome | 'timed out' | 'busy', act: AppendAct | undefined) => void
  },
) => {
  if (host.faults.silent) return
  const act = host.faults.appendTo(asked.stream)
  if (act === 'silent before commit') return
  if (act === 'drop before commit') return drop()
  if (act === 'busy') return answer('busy', act)
  if (act === 'time out before commit') return answer('timed out', act)
  host.faults.writer.push(() => {
    if (gone()) return
    const outcome = host.log.append(asked.stream, asked.expected, asked.records)
    if (act === 'silent after commit' || host.faults.silent) return
    if (act === 'drop after commit') return drop()
    answer(act === 'time out after commit' ? 'timed out' : outcome, act)
  })
}

const expectedOf = (options: Streams.AppendReq.Options): Expected => {
  if (options.hasAny()) return 'any'
  if (options.hasStreamExists()) return 'stream exists'
  return options.hasNoStream() ? -1 : Number(options.getRevision())
}

const appendSuccess = ({ revision, position }: AppendOutcome & { kind: 'written' }): Streams.AppendResp => {
  const success = new streams.AppendResp.Success()
  if (revision < 0) success.setNoStream(new shared.Empty())
  else success.setCurrentRevision(revisionText(revision))
  success.setPosition(
    new streams.AppendResp.Position()
      .setCommitPosition(String(position))
      .setPreparePosition(String(position)),
  )
  return new streams.AppendResp().setSuccess(success)
}

const appendWrongRevision = (expected: Expected, actual: number): Streams.AppendResp => {
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (expected === 'any') wrong.setExpectedAny(new shared.Empty())
  else if (expected === 'stream exists') wrong.setExpectedStreamExists(new shared.Empty())
  else if (expected < 0) wrong.setExpectedNoStream(new shared.Empty())
  else wrong.setExpectedRevision(String(expected))
  if (actual < 0) wrong.setCurrentNoStream(new shared.Empty())
  else wrong.setCurrentRevision(revisionText(actual))
  return new streams.AppendResp().setWrongExpectedVersion(wrong)
}

/** `Append`: the options first, then one message for each event. */
export const appending =
  (host: Host) =>
  (
    call: ServerReadableStream<Streams.AppendReq, Streams.AppendResp>,
    reply: sendUnaryData<Streams.AppendResp>,
  ) => {
    const refusal = host.refusalOf(call)
    if (refusal === 'silent') return
    if (refusal) return reply(refusal)
    let asked: Asked | undefined
    call.on('data', (request: Streams.AppendReq) => {
      const options = request.getOptions()
      const message = request.getProposedMessage()
      if (options) {
        const stream = streamNamed(options.getStreamIdentifier())
        asked = { stream, expected: expectedOf(options), records: [] }
      }
      if (message) asked?.records.push(recordOf(message))
    })
    call.on('error', () => undefined)
    call.on('end', () => {
      if (asked === undefined) return
      const { stream, expected } = asked
      if (sizeOf(asked.records) > host.maxAppendSize) return reply(tooLarge(host.maxAppendSize))
      write(host, asked, {
        gone: () => call.cancelled,
        drop: () => host.dropConnectionOf(call),
        answer: (outcome) => {
          if (outcome === 'busy') return reply(tooBusy())
          if (outcome === 'timed out') return reply(timedOut())
          if (outcome.kind === 'tombstoned') return reply(streamDeleted(stream))
          if (outcome.kind === 'written') return reply(null, appendSuccess(outcome))
          reply(null, appendWrongRevision(expected, outcome.actual))
        },
      })
    })
  }

/** Success is written by hand, a refusal by its class: see `bytes.ts`. */
type Batch = ServerDuplexStream<BatchRequest, Streams.BatchAppendResp | Buffer>
type Pending = Asked & { readonly correlation: string }

/** `BatchAppend`: appends in pieces, told apart by their correlation id; answers in the order of the commits. */
export const batchAppending = (host: Host) => (call: Batch) => {
  const refusal = host.refusalOf(call)
  if (refusal === 'silent') return
  // Who may not write is told so for each append; whom this node cannot serve loses the whole stream.
  const denied = refusal?.metadata?.get('exception')[0] === 'access-denied'
  if (refusal && !denied) return void call.emit('error', refusal)
  const pending = new Map<string, Pending>()
  call.on('data', (request: BatchRequest) => {
    const found = take(pending, request)
    if (found === undefined) return
    const refused = denied ? batchRefusal.accessDenied() : refusalIn(host, request, found)
    if (refused) {
      pending.delete(found.correlation)
      return answerBatch(call, found, refused)
    }
    if (!request.isFinal) return
    pending.delete(found.correlation)
    commit(host, call, found)
  })
  call.on('error', () => undefined)
  call.on('end', () => call.end())
}

const take = (
  pending: Map<string, Pending>,
  { correlation, options, records }: BatchRequest,
): Pending | undefined => {
  if (options && !pending.has(correlation)) {
    const { stream, expected } = options
    pending.set(correlation, { stream, expected, records: [...records], correlation })
    return pending.get(correlation)
  }
  const found = pending.get(correlation)
  found?.records.push(...records)
  return found
}

const refusalIn = (
  host: Host,
  { options }: BatchRequest,
  { records }: Pending,
): Statuses.Status | undefined => {
  if (options && options.deadline <= Date.now()) return batchRefusal.timeout()
  if (records.some(({ type }) => type === '')) return batchRefusal.badRequest('Empty eventType provided.')
  if (sizeOf(records) > host.maxAppendSize) return batchRefusal.tooLarge(host.maxAppendSize)
  return undefined
}

const commit = (host: Host, call: Batch, asked: Pending) => {
  const leader = host.turnedAwayFrom(call)
  if (leader) return void call.emit('error', notLeader(leader))
  write(host, asked, {
    gone: () => call.cancelled,
    drop: () => host.dropConnectionOf(call),
    answer: (outcome, act) => {
      const answer =
        outcome === 'busy'
          ? batchRefusal.tooBusy()
          : outcome === 'timed out'
            ? batchRefusal.timeout()
            : outcome.kind === 'written'
              ? batchSuccess(asked, outcome)
              : batchRefusal.of(outcome, asked.stream, asked.expected)
      answerBatch(call, asked, answer)
      if (act === 'answer twice') answerBatch(call, asked, answer)
    },
  })
}

const answerBatch = (call: Batch, { correlation, stream }: Pending, answer: Statuses.Status | Buffer) => {
  if (call.cancelled || call.destroyed) return
  if (Buffer.isBuffer(answer)) return void call.write(answer)
  call.write(
    new streams.BatchAppendResp()
      .setCorrelationId(structuredId(correlation))
      .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)))
      .setError(answer),
  )
}
