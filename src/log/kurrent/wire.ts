/**
 * What the client keeps to its own classes: its server's version, its channel, its stream of appends. We speak the stream
 * ourselves, over the client's channel: its own way of appending leaves a promise that never settles where data is no JSON,
 * and a rejection nobody can catch where the connection breaks while much is waiting.
 */

import type { ClientDuplexStream } from '@grpc/grpc-js'
import { KurrentDBClient } from '@kurrent/kurrentdb-client'
import { readAnswer, type Said } from './answer.ts'
import { StreamsClient, StreamsService } from './messages.ts'

/** Requests as bytes, answers as we read them. */
export type BatchStream = ClientDuplexStream<Buffer, Said>

const asItIs = (request: Buffer): Buffer => request

class Wire extends KurrentDBClient {
  static async version(client: KurrentDBClient): Promise<string> {
    return (await (client as Wire).capabilities).serverVersion
  }

  static openBatch(client: KurrentDBClient): Promise<BatchStream> {
    const wire = client as Wire
    const options = { requiresLeader: true }
    return wire.GRPCStreamCreator(StreamsClient, 'batchAppend', (streams) => {
      const stream = streams.makeBidiStreamRequest(
        StreamsService.batchAppend.path,
        asItIs,
        readAnswer,
        ...wire.callArguments(options, { deadline: Number.POSITIVE_INFINITY }),
      )
      // Somebody must listen from the beginning; who uses it listens as well.
      return stream.on('error', () => {})
    })()
  }

  static async dispose(client: KurrentDBClient): Promise<void> {
    const wire = client as Wire
    await wire.dispose()
    const channel = await wire.getChannel()
    channel.close()
  }
}

/** As the server says it: `24.2.0`; `unknown` of one that does not. */
export const serverVersion = (client: KurrentDBClient): Promise<string> => Wire.version(client)

/** A stream of appends and their answers, until it breaks. */
export const openBatch = (client: KurrentDBClient): Promise<BatchStream> => Wire.openBatch(client)

/** Ends what the client has open, without waiting for it. */
export const dispose = (client: KurrentDBClient): void => {
  Wire.dispose(client).catch(() => {})
}
