/**
 * What the client keeps to its own classes: its server's version, its channel, and where that leads. We speak the stream of appends
 * ourselves, to the same server: the client's own way of appending leaves a promise that never settles where data is no JSON, and a
 * rejection nobody can catch where the connection breaks while much is waiting; and its channel takes most of an append's time.
 */
import { KurrentDBClient } from '@kurrent/kurrentdb-client'
import { type Address, pulseOf, type ReadCredentials } from './address.ts'
import { BatchStream } from './batch-stream.ts'
import { StreamsService } from './messages.ts'
import { secureOf } from './secure.ts'

class Wire extends KurrentDBClient {
  static async version(client: KurrentDBClient): Promise<string> {
    return (await (client as Wire).capabilities).serverVersion
  }

  /** `host:port` of the server that the client found. */
  static async target(client: KurrentDBClient): Promise<string> {
    const channel = await (client as Wire).getChannel()
    return channel.getTarget().split(':').slice(-2).join(':').replace(/^\/+/, '')
  }

  static headers(client: KurrentDBClient): Readonly<Record<string, string[]>> {
    const [metadata] = (client as Wire).callArguments({ requiresLeader: true })
    return metadata.toHttp2Headers() as Record<string, string[]>
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

type Opening = {
  readonly client: KurrentDBClient
  readonly address: Address
  readonly asUser: ReadCredentials
}

/** A stream of appends and their answers, until it breaks; with the server the client has found. @throws LogUnavailable */
export const openBatch = async ({ client, address, asUser }: Opening, within: number): Promise<BatchStream> =>
  BatchStream.open({
    within,
    at: await Wire.target(client),
    path: StreamsService.batchAppend.path,
    headers: { ...Wire.headers(client), ...authorization(asUser) },
    secure: secureOf(address),
    pulse: pulseOf(address),
  })

const authorization = ({ credentials }: ReadCredentials): Readonly<Record<string, string>> => {
  if (credentials === undefined) return {}
  const { username, password } = credentials
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** Ends what the client has open, without waiting for it. */
export const dispose = (client: KurrentDBClient): void => {
  Wire.dispose(client).catch(() => {})
}
