/**
 * A server that delivers is killed with SIGKILL at random moments, again and again. Every mail that was acknowledged arrives at
 * the far host; one that arrives twice is one whose history says that it may; whoever's recipient was refused hears of it once.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openContentReader } from '../../src/content/open.ts'
import { openLogReader } from '../../src/log/open.ts'
import { openViews } from '../../src/views/index.ts'
import { farHost } from '../journeys/far-host.ts'
import { eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { chanceOf } from './chance.ts'
import { type Database, type Engine, startDatabase } from './database.ts'
import { type DeliveryLine, failedIn, type Judgement, judge, refusedOf } from './delivery-judgement.ts'
import { domains, farRecipients, Load, type RoundKind, sender } from './delivery-load.ts'

export type DeliveryTortureOptions = {
  readonly rounds: number
  readonly seed: number
  readonly clients?: number
  /** Where the log is; in the data directory if left out. */
  readonly log?: Engine
  /** The database misbehaves under load. */
  readonly faults?: boolean
  readonly progress?: (line: string) => void
}
export type DeliveryFigures = Judgement & {
  readonly rounds: number
  readonly acknowledged: number
  /** Mails the far host took, over and over ones counted each time. */
  readonly arrived: number
  readonly notices: number
  /** How often the database misbehaved. */
  readonly misbehaved: number
  readonly seconds: number
}

const kindOfRound = (round: number): RoundKind => (round % 2 === 0 ? 'refused' : 'plain')

const placeFor = async (far: number, { log }: Database): Promise<string> => {
  const folder = workplace({
    hostname: 'mx.example.org',
    limits: { sending: { messages: 1_000_000, recipients: 1_000_000 } },
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org' }],
    log,
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    delivery: {
      routes: Object.fromEntries(domains.map((domain) => [domain, `127.0.0.1:${far}`])),
      retry: ['1s'],
    },
  })
  const added = await fsmtp(folder, ['user', 'add', sender], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  return folder
}

// What the command prints is the promised shape.
const deliveriesIn = async (folder: string): Promise<readonly DeliveryLine[]> =>
  objects(await fsmtp(folder, ['deliveries', '--json'])) as readonly object[] as readonly DeliveryLine[]

/** The messages in the sender's mailbox: notices, all of them. */
const noticesIn = async (folder: string, { log: address }: Database): Promise<readonly string[]> => {
  const directory = join(folder, 'data')
  const place = { data: directory, log: address, content: 'files' }
  const log = await openLogReader(place)
  const views = openViews({ directory, log })
  try {
    await views.caughtUp()
    const content = await openContentReader(place, log)
    const found = views.mailbox(sender) ?? []
    const bodies = await Promise.all(found.map(({ message }) => content.read(message)))
    return bodies.map((body) => Buffer.from(body ?? '').toString())
  } finally {
    views.close()
    await log.close()
  }
}

/** Until every delivery has ended and whoever is to be told was told. What is missing then is for the judgement. */
const settle = async (folder: string, database: Database): Promise<void> => {
  const hasEnded = ({ status }: DeliveryLine): boolean => status === 'delivered' || status === 'failed'
  const deliveries = await eventually(
    async () => {
      const found = await deliveriesIn(folder)
      return found.length > 0 && found.every(hasEnded) && found
    },
    { within: 180_000, what: 'the end of every delivery' },
  )
  const wanted = new Set(refusedOf(deliveries))
  await eventually(
    async () => {
      const told = new Set((await noticesIn(folder, database)).flatMap(failedIn))
      return [...wanted].every((address) => told.has(address))
    },
    { within: 60_000, what: 'a notice about every recipient that was refused' },
  ).catch(() => {})
}

/** A run that stands still says where. */
const within = async <Value>(ms: number, what: string, work: Promise<Value>): Promise<Value> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} s`)), ms)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

export const tortureDeliveries = async ({
  rounds,
  seed,
  clients = 4,
  log = 'sqlite',
  faults = false,
  progress = () => {},
}: DeliveryTortureOptions): Promise<DeliveryFigures> => {
  const startedAt = performance.now()
  const chance = chanceOf(seed)
  const far = await farHost({
    recipient: farRecipients(),
    beforeAnswer: () => pause(chance.between(0, 20)),
  })
  const database = await startDatabase(log, faults ? seed : null)
  try {
    const folder = await placeFor(far.port, database)
    const load = new Load(chance)
    for (let round = 1; round <= rounds; round++) {
      const server = await within(60_000, `the start of round ${round}`, serve(folder))
      await database.rough()
      const working = Array.from({ length: clients }, () =>
        load.client(server, kindOfRound(round)).catch(() => {}),
      )
      await pause(chance.between(50, 1200))
      await server.end('SIGKILL')
      await within(30_000, `the end of the clients of round ${round}`, Promise.all(working))
      await database.calm()
      if (round % 10 === 0)
        progress(`round ${round}: ${load.acknowledged.size} acknowledged, ${far.received.length} arrived`)
    }
    const last = await within(60_000, 'the last start', serve(folder))
    await settle(folder, database).finally(() => within(60_000, 'the last end', last.end()))
    const notices = await noticesIn(folder, database)
    const judgement = judge(load, far.received, await deliveriesIn(folder), notices)
    const proved = await fsmtp(folder, ['verify'])
    assert.equal(proved.code, 0, proved.stdout)
    return {
      ...{ rounds, acknowledged: load.acknowledged.size, arrived: far.received.length, ...judgement },
      ...{ notices: notices.length, misbehaved: database.misbehaved },
      ...{ seconds: Math.round((performance.now() - startedAt) / 1000) },
    }
  } finally {
    await database.end()
    await far.close()
  }
}

/** What must not be, in words; empty where all is well. */
export const faultsOf = ({ lost, twiceUnmarked, untold, toldTooOften }: Judgement): readonly string[] => [
  ...(lost > 0 ? [`${lost} recipients of acknowledged mail never got it`] : []),
  ...(twiceUnmarked > 0
    ? [`${twiceUnmarked} got a mail twice, and its history does not say that they may`]
    : []),
  ...(untold > 0 ? [`of ${untold} recipients that were refused nobody was told`] : []),
  ...(toldTooOften > 0 ? [`${toldTooOften} notices too many`] : []),
]
