/**
 * A small EventStoreDB / KurrentDB in this process, spoken to over real gRPC by the official client. What it does not imitate is
 * in the README beside it.
 */
import { randomUUID } from 'node:crypto'
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { appending, batchAppending } from './appending.ts'
import { readBatchRequest } from './bytes.ts'
import { type Certificate, makeCertificate } from './certificate.ts'
import { type Endpoint, notLeader } from './errors.ts'
import { Faults } from './faults.ts'
import type { Call, Host } from './host.ts'
import { InMemoryLog, type LogRecord } from './log.ts'
import { GossipService, ServerFeaturesService, StreamsService } from './messages.ts'
import { gossiping, type Member, sayingFeatures } from './node-services.ts'
import { reading } from './reading.ts'
import { deleting, tombstoning } from './removing.ts'
import { firstShown, isTooOld } from './rules.ts'
import { refusalForUser, type Users } from './users.ts'
import { Port } from './wires.ts'

export type StandInOptions = {
  /** What the server says it is; 24.2.0 if left out. From 25 on, caught-up messages say where. */
  readonly version?: string
  /** False for a server too old to take batches. */
  readonly batchAppend?: boolean
  /** Bytes an append may have, summed over its events; 1 MiB if left out, as a server has it. */
  readonly maxAppendSize?: number
  /** Names and passwords. With users there is TLS, as the client sends no password without. */
  readonly users?: Users
  /** TLS, with a certificate of an authority of its own. */
  readonly tls?: boolean
  /** How many recent ids protect appends that expect nothing in particular. */
  readonly remembers?: number
  /** Shared with other nodes. */
  readonly log?: InMemoryLog
  /** Who gossips; this node alone, leading, if left out. */
  readonly members?: () => readonly Member[]
}

export type KurrentStandIn = {
  /**
   * `kurrentdb://127.0.0.1:PORT?tls=false&discoveryInterval=5`; with users, the first one's name and password, and the file of
   * the authority. The interval is what the client waits before its first read; left out, half a second.
   */
  readonly url: string
  readonly port: number
  readonly host: '127.0.0.1'
  /** Whether its port is open. */
  readonly isUp: boolean
  readonly faults: Faults
  /** What is stored, for a look past the client. */
  readonly log: InMemoryLog
  /** Closes the port and breaks all connections, keeps the data: to a client, a server that is down. */
  stop(): Promise<void>
  /** Opens the same port again over the same data. */
  start(): Promise<void>
  /** Down and up again. Ids of recent writes are forgotten, as a restarted server has forgotten them. */
  restart(): Promise<void>
  /** Removes for good what metadata and deletions have hidden. */
  scavenge(): void
  /** Ends everything. */
  close(): Promise<void>
}

/** What is written by hand goes out as it is: see `bytes.ts`. */
const asBytes = (message: Buffer | { serializeBinary(): Uint8Array }): Buffer =>
  Buffer.isBuffer(message) ? message : Buffer.from(message.serializeBinary())
const streamsService: ServiceDefinition = {
  ...StreamsService,
  read: { ...StreamsService.read, responseSerialize: asBytes },
  batchAppend: {
    ...StreamsService.batchAppend,
    requestDeserialize: readBatchRequest,
    responseSerialize: asBytes,
  },
}

/** The server takes no larger message than a record of its log may be, 16 MiB; a call with a larger one fails as a whole. */
const largestMessage = 16 * 1024 * 1024 - 1024

export const startKurrentStandIn = async (options: StandInOptions = {}): Promise<KurrentStandIn> => {
  const { version = '24.2.0', batchAppend = true, users } = options
  const certificate = options.tls || users ? await makeCertificate() : undefined
  const log = options.log ?? new InMemoryLog({ ...(options.remembers && { remembers: options.remembers }) })
  const subscriptions = new Set<() => void>()
  const server = new Server({ 'grpc.max_receive_message_length': largestMessage })
  const injector = server.createConnectionInjector(credentialsOf(certificate))
  const port = new Port((socket) => injector.injectConnection(socket))
  const faults = new Faults({
    wakeSubscriptions: () => log.wakeFollowers(),
    dropConnections: () => port.dropAll(),
    dropSubscriptions: () => {
      const ended = [...subscriptions]
      for (const end of ended) end()
      return ended.length
    },
  })
  const turnedAwayFrom = ({ metadata }: Call): Endpoint | undefined => {
    const asks = metadata.get('requires-leader')[0] === 'true'
    return faults.notLeader && (asks || faults.notLeader.all) ? faults.notLeader : undefined
  }
  const host: Host = {
    log,
    faults,
    maxAppendSize: options.maxAppendSize ?? 1024 * 1024,
    saysWhere: Number.parseInt(version, 10) >= 25,
    turnedAwayFrom,
    refusalOf: (call) => {
      if (faults.silent) return 'silent'
      const leader = turnedAwayFrom(call)
      return refusalForUser(users, call) ?? (leader && notLeader(leader))
    },
    dropConnectionOf: (call) => port.drop(call.getPeer()),
    keepSubscription: (end) => {
      subscriptions.add(end)
      return () => subscriptions.delete(end)
    },
  }
  const id = randomUUID()
  const alone = (): readonly Member[] => [
    { id, host: '127.0.0.1', port: port.number, alive: true, leads: true },
  ]
  const add = (service: Parameters<Server['addService']>[0], handlers: UntypedServiceImplementation): void =>
    server.addService(service, handlers)
  add(streamsService, {
    append: appending(host),
    batchAppend: batchAppending(host),
    read: reading(host),
    delete: deleting(host),
    tombstone: tombstoning(host),
  })
  add(ServerFeaturesService, { getSupportedMethods: sayingFeatures(host, version, batchAppend) })
  add(GossipService, { read: gossiping(host, options.members ?? alone) })
  await port.open()
  const stop = async (): Promise<void> => {
    faults.writer.empty()
    await port.close()
  }
  return {
    url: urlOf(port.number, certificate, users),
    port: port.number,
    host: '127.0.0.1',
    get isUp() {
      return port.isOpen
    },
    faults,
    log,
    stop,
    start: () => port.open(),
    restart: async () => {
      await stop()
      log.forgetRecentIds()
      await port.open()
    },
    scavenge: () => log.drop((record) => isHidden(log, record)),
    close: async () => {
      await stop()
      injector.destroy()
      server.forceShutdown()
      await certificate?.remove()
    },
  }
}

const credentialsOf = (certificate: Certificate | undefined): ServerCredentials =>
  certificate === undefined
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(null, [
        { private_key: Buffer.from(certificate.key), cert_chain: Buffer.from(certificate.chain) },
      ])

/** With TLS by name: gRPC gives the address as a server name, and Node takes no address for one. */
const urlOf = (port: number, certificate: Certificate | undefined, users: Users | undefined): string => {
  if (certificate === undefined) return `kurrentdb://127.0.0.1:${port}?tls=false&discoveryInterval=5`
  const [user] = Object.entries(users ?? {})
  const who = user ? `${encodeURIComponent(user[0])}:${encodeURIComponent(user[1])}@` : ''
  return `kurrentdb://${who}localhost:${port}?tls=true&discoveryInterval=5&tlsCAFile=${encodeURIComponent(certificate.authorityFile)}`
}

/** The last event of a stream is always kept, so that its revision is known. */
const isHidden = (log: InMemoryLog, { stream, revision, created }: LogRecord): boolean => {
  if (log.isTombstoned(stream)) return Number.isFinite(revision)
  const last = log.lastRevision(stream)
  if (revision === last) return false
  const rules = log.rulesOf(stream)
  return revision < firstShown(rules, last) || isTooOld(rules, created, Date.now())
}
