/** A server of ours for example.org, whose mail for far.example goes to somebody else's server. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import type { RecipientOutcome } from '../../../machines/vocabulary/events.ts'
import type { StoredEvent } from '../../../src/log/port.ts'
import { acceptedAs, greeted } from '../../client.ts'
import { requireProgram } from '../../programs.ts'
import { startTestServer, type TestServer } from '../../server.ts'
import { houseWithKeys } from '../signing/house.ts'
import type { Signed } from '../signing/verifiers.ts'
import { type Mail, stuffed } from './mails.ts'

const patience = 15_000
const sender = 'ann@example.org'

/** What came of one attempt. */
export type Attempt = {
  readonly type: string
  /** `bob@far.example delivered 250`. */
  readonly outcomes: readonly string[]
  readonly replies: ReadonlyMap<string, RecipientOutcome['reply']>
  readonly extensions: readonly string[]
  readonly dialogue: string
}

export type House = {
  readonly keys: Signed
  /** Submits as ann@example.org; the message's id. */
  submit(mail: Mail, to: readonly string[]): Promise<string>
  /** The message's attempts as they end, from the first. */
  attempts(message: string): AsyncGenerator<Attempt, never>
  /** As the message leaves: our lines in front of its content. */
  left(message: string, mail: Mail): Promise<Buffer>
}

const ends: (() => Promise<void>)[] = []
after(async () => {
  for (const end of ends.reverse()) await end()
})

/** Called when all tests of the file are over. */
export const atEnd = (end: () => Promise<void>): void => {
  ends.push(end)
}

/** A far side that wants root, begun by the first test that asks; null after marking a test as skipped. */
export const begunAsRoot = <Far>(
  name: string,
  begin: (program: string) => Promise<Far>,
): ((t: TestContext) => Promise<Far | null>) => {
  let begun: Promise<Far> | null = null
  return async (t) => {
    const program = requireProgram(t, name)
    if (program === null) return null
    if (process.getuid?.() !== 0) {
      t.skip(`${name} wants to be started by root`)
      return null
    }
    begun ??= begin(program)
    return begun
  }
}

/** `hop` as `delivery.routes` has it. */
export const house = async (hop: string): Promise<House> => {
  const keys = await houseWithKeys()
  const server = await startTestServer({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [
      {
        name: 'example.org',
        dkim: ['rsa1', 'ed1'].map((selector) => ({ selector, key: join(keys.at, `${selector}.pem`) })),
      },
    ],
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    delivery: { routes: { 'far.example': hop }, retry: ['1s', '1s', '1s', '1h'] },
  })
  atEnd(() => server.stop())
  await server.addAccount({ addresses: [sender], password: 'a long password' })
  return {
    keys,
    submit: (mail, to) => submit(server, mail, to),
    attempts: (message) => attempts(server, message),
    left: async (message, { content }) => {
      const queued = (await server.events()).find(
        ({ type, data }) => type === 'DeliveryQueued' && data.message === message,
      )
      return Buffer.concat([Buffer.from(String(queued?.data.prefix)), content])
    },
  }
}

const submit = async (server: TestServer, mail: Mail, to: readonly string[]): Promise<string> => {
  const line = await greeted(server.port('mx'))
  assert.match(await line.say(`XCLIENT LOGIN=${sender}`), /^220/)
  assert.match(await line.say('EHLO client.example'), /^250/)
  assert.match(await line.say(`MAIL FROM:<${sender}>${mail.parameters}`), /^250/)
  for (const address of to) assert.match(await line.say(`RCPT TO:<${address}>`), /^250/)
  assert.match(await line.say('DATA'), /^354/)
  line.send(stuffed(mail))
  const [reply = ''] = await line.reply()
  line.hangUp()
  const id = acceptedAs(reply)
  assert.ok(id, reply)
  return id
}

const attemptOf = ({ type, data, meta }: StoredEvent, before: readonly StoredEvent[]): Attempt => {
  const outcomes = data.outcomes as readonly RecipientOutcome[]
  const connected = before.findLast((event) => event.type === 'Connected')
  return {
    type,
    outcomes: outcomes.map(({ address, result, reply }) => `${address} ${result} ${reply?.code}`),
    replies: new Map(outcomes.map(({ address, reply }) => [address, reply])),
    extensions: (connected?.data.extensions as readonly string[]) ?? [],
    dialogue: [...before.map((event) => event.meta.dialogue ?? ''), meta.dialogue ?? ''].join('\n'),
  }
}

async function* attempts({ running }: TestServer, message: string): AsyncGenerator<Attempt, never> {
  const signal = AbortSignal.timeout(patience)
  let seen: StoredEvent[] = []
  for await (const page of running.log.subscribe(0, { filter: { categories: ['delivery'] }, signal }))
    for (const event of page) {
      if (!event.stream.startsWith(`delivery-${message}`)) continue
      if (Array.isArray(event.data.outcomes)) {
        yield attemptOf(event, seen)
        seen = []
      } else seen.push(event)
    }
  throw new Error(`no further attempt ended within ${patience / 1000} s; ${seen.map(({ type }) => type)}`)
}

/** What came of the next attempt. */
export const next = async (attempts: AsyncGenerator<Attempt, never>): Promise<Attempt> =>
  (await attempts.next()).value
