/** The server without its files: the real listener, connections, outbox and supervisor over a log in memory. */
import { createHash } from 'node:crypto'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import { Supervisor } from '../../src/actors/supervisor.ts'
import { loadCertificates } from '../../src/config/certificates.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { ContentWriter } from '../../src/content/port.ts'
import type { EventLog } from '../../src/log/port.ts'
import { adoptPolicy } from '../../src/policies.ts'
import type { LiveSession, Reception } from '../../src/smtp/reception.ts'
import { FsmtpServer } from '../../src/smtp/server.ts'
import { configText, scratch } from '../server.ts'
import { MemoryLog } from './memory-log.ts'
import { PlayedSocket } from './played-socket.ts'

/** Small limits, so that every end is near. */
export const strictPolicy: SessionPolicy = {
  service: 'submissions',
  hostname: 'mx.example.org',
  authentication: 'offered',
  startTls: true,
  ownAddressesOnly: true,
  bareNewlines: 'refuse',
  magicRecipients: false,
  limits: {
    messageSize: 100_000,
    recipients: 3,
    contentLine: 2000,
    errors: 12,
    idleCommands: 12,
    loginFailures: 2,
    messages: 3,
    received: 5,
  },
}

const folder = scratch('stage')
const { config } = parseConfig(configText(), { shown: null, file: null, folder, data: folder })
const certificates = await loadCertificates(config)

export type Stage = {
  readonly log: EventLog
  readonly outbox: Outbox
  readonly complaints: string[]
  /** A client comes in. */
  connect(heard?: (text: string) => void): PlayedSocket
  /** Resolves when every session has left and nothing is on its way to the log. */
  settled(): Promise<void>
}

export type StageOptions = {
  readonly log?: EventLog
  readonly policy?: SessionPolicy
  readonly verify?: Reception['verify']
  readonly place?: Reception['place']
}

const places: Reception['place'] = (address) => {
  if (/^postmaster$/i.test(address)) return { kind: 'mailbox', mailbox: 'postmaster@example.org' }
  if (!address.endsWith('@example.org')) return { kind: 'foreign', nextHop: 'elsewhere.example' }
  return address.startsWith('nobody')
    ? { kind: 'unknown', domain: 'example.org' }
    : { kind: 'mailbox', mailbox: address }
}

const keptInMemory = async (): Promise<ContentWriter> => {
  const sum = createHash('sha256')
  let size = 0
  return {
    write: (chunk) => {
      sum.update(chunk)
      size += chunk.length
    },
    finish: async () => ({ size, sha256: sum.digest('hex') }),
    discard: async () => {},
  }
}

export const stage = async ({
  log = new MemoryLog(),
  policy = strictPolicy,
  verify = async () => ({ verdict: 'bad-credentials', user: null }),
  place = places,
}: StageOptions = {}): Promise<Stage> => {
  const complaints: string[] = []
  const outbox = new Outbox({ log, patience: 1 })
  const supervisor = new Supervisor({
    sessions: 100,
    sessionsPerAddress: 100,
    networkOf: (address) => address,
    waitingBytes: 1024 * 1024,
    waiting: () => outbox.waiting,
    every: 1000,
  })
  const live = new Set<LiveSession>()
  let emptied: (() => void) | null = null
  const reception: Reception = {
    node: 'stage',
    policy,
    policyHash: await adoptPolicy(new MemoryLog(), policy, 'stage'),
    outbox,
    place,
    verify,
    addressesOf: () => [],
    beginContent: keptInMemory,
    removeContent: async () => {},
    timeouts: { command: 60_000, data: 60_000, greetingPause: 0 },
    mayRename: () => true,
    supervisor: {
      enter: (session) => {
        live.add(session)
        return supervisor.enter(session)
      },
      leave: (session) => {
        live.delete(session)
        supervisor.leave(session)
        if (live.size === 0) emptied?.()
      },
    },
    complain: (what, error, { session } = {}) =>
      complaints.push(`${what}: ${error?.message}${session === undefined ? '' : ` (${session})`}`),
  }
  const server = new FsmtpServer({
    reception,
    address: '127.0.0.1',
    port: 0,
    certificates,
    proxyHeader: () => 'none',
    arriving: 100,
  })
  return {
    log,
    outbox,
    complaints,
    connect: (heard) => {
      const socket = new PlayedSocket(heard)
      server.connect(socket)
      return socket
    },
    settled: async () => {
      if (live.size > 0)
        await new Promise<void>((resolve) => {
          emptied = resolve
        })
      await outbox.settled()
    },
  }
}
