/** `Delete` and `Tombstone`. */
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import { notLeader, streamDeleted, wrongRevisionOnDelete } from './errors.ts'
import type { Host } from './host.ts'
import type { Expected } from './log.ts'
import { type Streams, streamNamed, streams } from './messages.ts'

type Options = Streams.DeleteReq.Options | Streams.TombstoneReq.Options

const expectedOf = (options: Options): Expected => {
  if (options.hasAny()) return 'any'
  if (options.hasStreamExists()) return 'stream exists'
  return options.hasNoStream() ? -1 : Number(options.getRevision())
}

const remove = (
  host: Host,
  call: ServerUnaryCall<Streams.DeleteReq | Streams.TombstoneReq, unknown>,
  how: 'soft' | 'tombstone',
  answer: (error: Error | null, position: number) => void,
) => {
  const refusal = host.refusalOf(call)
  const leader = host.turnedAwayFrom(call)
  const options = call.request.getOptions()
  if (refusal === 'silent') return
  if (refusal) return answer(refusal, -1)
  if (leader) return answer(notLeader(leader), -1)
  if (options === undefined) return answer(new Error('a deletion needs options'), -1)
  const stream = streamNamed(options.getStreamIdentifier())
  const expected = expectedOf(options)
  host.faults.writer.push(() => {
    const outcome = host.log.remove(stream, expected, how)
    if (outcome.kind === 'tombstoned') return answer(streamDeleted(stream), -1)
    if (outcome.kind === 'written') return answer(null, outcome.position)
    answer(wrongRevisionOnDelete(stream, expected, outcome.actual), -1)
  })
}

export const deleting =
  (host: Host) =>
  (call: ServerUnaryCall<Streams.DeleteReq, Streams.DeleteResp>, reply: sendUnaryData<Streams.DeleteResp>) =>
    remove(host, call, 'soft', (error, position) => {
      if (error) return reply(error)
      const place = new streams.DeleteResp.Position()
        .setCommitPosition(String(position))
        .setPreparePosition(String(position))
      reply(null, new streams.DeleteResp().setPosition(place))
    })

export const tombstoning =
  (host: Host) =>
  (
    call: ServerUnaryCall<Streams.TombstoneReq, Streams.TombstoneResp>,
    reply: sendUnaryData<Streams.TombstoneResp>,
  ) =>
    remove(host, call, 'tombstone', (error, position) => {
      if (error) return reply(error)
      const place = new streams.TombstoneResp.Position()
        .setCommitPosition(String(position))
        .setPreparePosition(String(position))
      reply(null, new streams.TombstoneResp().setPosition(place))
    })
