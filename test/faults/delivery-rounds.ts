/**
 * A server that delivers is killed with SIGKILL at random moments, again and again. Every mail that was acknowledged arrives at
 * the far host; one that arrives twice is one whose history says that it may.
 */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { acceptedAs, greeted, send } from '../client.ts'
import { type FarHost, farHost } from '../journeys/far-host.ts'
import { type ChildServer, eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { type Chance, chanceOf } from './chance.ts'

export type DeliveryTortureOptions = {
  readonly rounds: number
  readonly seed: number
  readonly clients?: number
  readonly progress?: (line: string) => void
}
export type DeliveryFigures = {
  readonly rounds: number
  readonly acknowledged: number
  readonly arrived: number
  /** Mails that arrived more than once; each of them is marked so. */
  readonly twice: number
  /** Mails whose history says that they may have arrived more than once. */
  readonly marked: number
  readonly seconds: number
}

const domains = ['one.example', 'two.example', 'three.example', 'four.example']
const markOf = (content: string): string => /^X-Mark: (\w+)\r?$/m.exec(content)?.[1] ?? ''

class Load {
  readonly acknowledged = new Map<string, string>()
  readonly #chance: Chance
  #count = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  /** Sends mail after mail until the server is gone. */
  async client(server: ChildServer): Promise<void> {
    const line = await greeted(server.port('mx'))
    await line.say('XCLIENT LOGIN=ann@example.org')
    await line.say('EHLO client.example')
    for (;;) {
      const mark = hash('sha256', `${this.#count++}`, 'hex').slice(0, 16)
      const to = [`bob@${domains[this.#chance.between(0, domains.length - 1)]}`]
      const content = `Subject: torture\r\nX-Mark: ${mark}\r\n\r\n${'x'.repeat(this.#chance.between(1, 3000))}`
      const message = acceptedAs(await send(line, content, { from: 'ann@example.org', to }))
      if (message === null) return
      this.acknowledged.set(mark, message)
    }
  }
}

const settle = async (folder: string): Promise<readonly Record<string, unknown>[]> =>
  eventually(
    async () => {
      const found = objects(await fsmtp(folder, ['deliveries', '--json']))
      return found.length > 0 && found.every(({ status }) => status === 'delivered') && found
    },
    { within: 120_000, what: 'the delivery of everything' },
  )

const judge = (
  far: FarHost,
  load: Load,
  deliveries: readonly Record<string, unknown>[],
): Pick<DeliveryFigures, 'arrived' | 'twice' | 'marked'> => {
  const times = new Map<string, number>()
  for (const { content } of far.received) times.set(markOf(content), (times.get(markOf(content)) ?? 0) + 1)
  const unsure = new Set(
    deliveries.filter(({ uncertain }) => Number(uncertain) > 0).map(({ message }) => message),
  )
  const messageOf = load.acknowledged
  for (const mark of messageOf.keys())
    assert.ok(times.has(mark), `the acknowledged mail ${mark} never arrived`)
  const twice = [...times].filter(([, count]) => count > 1).map(([mark]) => mark)
  // One that was not acknowledged has no message we know: its delivery is among the unsure ones all the same.
  for (const mark of twice)
    if (messageOf.has(mark))
      assert.ok(
        unsure.has(messageOf.get(mark)),
        `${mark} arrived twice, and its history does not say that it may`,
      )
  return { arrived: far.received.length, twice: twice.length, marked: unsure.size }
}

export const tortureDeliveries = async ({
  rounds,
  seed,
  clients = 4,
  progress = () => {},
}: DeliveryTortureOptions): Promise<DeliveryFigures> => {
  const startedAt = performance.now()
  const chance = chanceOf(seed)
  const far = await farHost({ beforeAnswer: () => pause(chance.between(0, 20)) })
  const folder = workplace({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org' }],
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    delivery: {
      routes: Object.fromEntries(domains.map((domain) => [domain, `127.0.0.1:${far.port}`])),
      retry: ['1s'],
    },
  })
  const added = await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  const load = new Load(chance)
  for (let round = 1; round <= rounds; round++) {
    const server = await serve(folder)
    const working = Array.from({ length: clients }, () => load.client(server).catch(() => {}))
    await pause(chance.between(50, 1200))
    await server.end('SIGKILL')
    await Promise.all(working)
    if (round % 10 === 0)
      progress(`round ${round}: ${load.acknowledged.size} acknowledged, ${far.received.length} arrived`)
  }
  const last = await serve(folder)
  try {
    const deliveries = await settle(folder)
    const figures = judge(far, load, deliveries)
    const proved = await fsmtp(folder, ['verify'])
    assert.equal(proved.code, 0, proved.stdout)
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    return { rounds, acknowledged: load.acknowledged.size, ...figures, seconds }
  } finally {
    await last.end()
    await far.close()
  }
}
