/** Notices settled: each once, a few at a time, whatever happens in between. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import PostalMime from 'postal-mime'
import type { EventOf, NoticeCause, Place } from '../../../machines/vocabulary/events.ts'
import { noticeStream } from '../../../machines/vocabulary/notices.ts'
import { Noticer, type NoticerOptions, type Owed } from '../../../src/delivery/noticer.ts'
import { openMemoryLog } from '../../../src/log/memory.ts'
import { type EventLog, LogFull } from '../../../src/log/port.ts'
import { tellDelivery } from '../../history/deliveries.ts'

const refusedLife = 'queue start route connected end(bob@y=550)'
const refused: Owed = { delivery: 'd1', kind: 'failed', attempt: 1 }
const original = 'Subject: Hello\r\n\r\nbody\r\n'

type Given = {
  readonly lives?: Readonly<Record<string, string>>
  readonly place?: (address: string) => Place
  readonly options?: Partial<NoticerOptions>
  readonly log?: EventLog
}

const desk = async ({ lives = { d1: refusedLife }, place, options, log = openMemoryLog() }: Given = {}) => {
  for (const [id, life] of Object.entries(lives)) await tellDelivery(log, id, life, { message: `m${id}` })
  const warnings: string[] = []
  const files = new Map<string, Buffer>()
  const made: NoticerOptions = {
    ...{ log, hostname: 'mx.example.org' },
    directory: { place: place ?? ((address) => ({ kind: 'mailbox', mailbox: address })) },
    original: async () => ({ subject: 'Hello', messageId: '<1@example.net>' }),
    warn: (what, error) => warnings.push(`${what}: ${error?.message}`),
    content: {
      stream: async () => Readable.from([Buffer.from(original)]),
      begin: async (id) => ({
        write: (chunk) => void files.set(id, Buffer.concat([files.get(id) ?? Buffer.alloc(0), chunk])),
        finish: async () => ({ size: files.get(id)!.length, sha256: '' }),
        discard: async () => void files.delete(id),
      }),
      remove: async (id) => void files.delete(id),
    },
    ...options,
  }
  const settledAs = async (cause: NoticeCause): Promise<readonly EventOf[]> => {
    const events: EventOf[] = []
    for await (const page of log.readStream(noticeStream(cause))) events.push(...(page as readonly EventOf[]))
    return events
  }
  return { noticer: new Noticer(made), options: made, log, warnings, files, settledAs }
}

const mailOf = async (log: EventLog, [event]: readonly EventOf[]) => {
  assert.equal(event?.type, 'MessageAccepted')
  const bytes = await log.content(event.data.message)
  assert.ok(bytes !== null)
  return { data: event.data, mail: await PostalMime.parse(bytes, { forceRfc822Attachments: true }) }
}

test('a notice is a message of its own, from nobody, with its cause', async () => {
  const { noticer, log, settledAs, warnings } = await desk()
  assert.equal(await noticer.notify(refused), 'made')
  const { data, mail } = await mailOf(log, await settledAs(refused))
  assert.deepEqual(data.cause, refused)
  assert.deepEqual([data.sender, data.user, data.trace.protocol], ['', null, 'local'])
  assert.deepEqual(data.recipients, [
    { address: 'alice@example.net', destination: { kind: 'mailbox', mailbox: 'alice@example.net' } },
  ])
  assert.equal(mail.subject, 'Not delivered to bob@y: Hello')
  assert.match(mail.text!, /<bob@y>\s+mx\.y said: 550 5\.1\.1 No such user/)
  assert.deepEqual(warnings, [])
})

test('asked for again and again, at once and after the next start, it is made once', async () => {
  const { noticer, options, log } = await desk()
  assert.deepEqual(await Promise.all([noticer.notify(refused), noticer.notify(refused)]), ['made', 'made'])
  const tail = await log.tail()
  assert.equal(await noticer.notify(refused), 'settled')
  assert.equal(await new Noticer(options).notify(refused), 'settled')
  assert.equal(await log.tail(), tail)
})

test('made by two servers at the same moment, there is one', async () => {
  const { options, log } = await desk()
  const both = [new Noticer(options), new Noticer(options)].map((noticer) => noticer.notify(refused))
  assert.deepEqual((await Promise.all(both)).sort(), ['made', 'settled'])
  const accepted: string[] = []
  for await (const page of log.readAll(0))
    for (const { type, stream } of page) if (type === 'MessageAccepted') accepted.push(stream)
  assert.deepEqual(accepted, ['notice-d1_failed_1'])
})

test('two attempts, two notices, nobody in both', async () => {
  const life =
    'queue(bob@y eve@y) start route connected end(bob@y=550 eve@y=451) +10h start route connected end(eve@y=451)'
  const { noticer, log, settledAs } = await desk({ lives: { d1: life } })
  const texts: string[] = []
  for (const attempt of [1, 2]) {
    assert.equal(await noticer.notify({ ...refused, attempt }), 'made')
    texts.push((await mailOf(log, await settledAs({ ...refused, attempt }))).mail.text!)
  }
  assert.match(texts[0]!, /<bob@y>/)
  assert.doesNotMatch(texts[0]!, /eve@y/)
  assert.match(texts[1]!, /<eve@y>/)
  assert.doesNotMatch(texts[1]!, /bob@y/)
})

test('a delay that is over before it is told is dropped, once, and not composed', async () => {
  const life = 'queue +2h start route connected end(bob@y=451) start route connected end(bob@y=250)'
  const stream = async () => assert.fail('the original was read')
  const found = await desk({ lives: { d1: life } })
  const noticer = new Noticer({ ...found.options, content: { ...found.options.content, stream } })
  const delayed: Owed = { delivery: 'd1', kind: 'delayed', attempt: 1 }
  assert.equal(await noticer.notify(delayed), 'dropped')
  assert.equal(await noticer.notify(delayed), 'settled')
  const [event] = await found.settledAs(delayed)
  assert.equal(event?.type, 'NoticeDropped')
  assert.deepEqual(event.data, { cause: delayed, sender: 'alice@example.net', reason: 'overtaken' })
})

test('nobody to tell: the postmaster; and where there is none, that is recorded and the matter closed', async () => {
  const unknown: Place = { kind: 'unknown', domain: 'example.net' }
  const withPostmaster = await desk({
    place: (address) => (address === 'postmaster' ? { kind: 'mailbox', mailbox: 'root' } : unknown),
  })
  assert.equal(await withPostmaster.noticer.notify(refused), 'made')
  const { data } = await mailOf(withPostmaster.log, await withPostmaster.settledAs(refused))
  assert.deepEqual(data.recipients[0]?.destination, { kind: 'mailbox', mailbox: 'root' })
  for (const place of [unknown, { kind: 'alias', alias: 'alice', targets: [] } as const]) {
    const without = await desk({ place: () => place })
    assert.equal(await without.noticer.notify(refused), 'dropped')
    assert.equal(await without.noticer.notify(refused), 'settled')
    const [event] = await without.settledAs(refused)
    assert.equal(event?.type === 'NoticeDropped' && event.data.reason, 'nobody-to-tell')
  }
})

test('where the sender’s mail goes on, the notice goes on', async () => {
  const targets = ['carol@far.example', 'dave@far.example'].map((address) => ({
    address,
    destination: { kind: 'nextHop', nextHop: 'far.example' } as const,
  }))
  const place: Place = { kind: 'alias', alias: 'alice@example.net', targets }
  const { noticer, log, settledAs } = await desk({ place: () => place })
  await noticer.notify(refused)
  const { data, mail } = await mailOf(log, await settledAs(refused))
  assert.deepEqual(
    data.recipients.map(({ address, alias }) => [address, alias]),
    targets.map(({ address }) => [address, 'alice@example.net']),
  )
  assert.equal(mail.to?.length, 2)
})

test('no more than four at a time, whatever is owed', async () => {
  const lives = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`d${at}`, refusedLife]))
  const active = { now: 0, most: 0 }
  const found = await desk({ lives })
  const noticer = new Noticer({
    ...found.options,
    original: async () => {
      active.most = Math.max(active.most, ++active.now)
      await new Promise(setImmediate)
      active.now--
      return null
    },
  })
  const all = Object.keys(lives).map((delivery) => noticer.notify({ ...refused, delivery }))
  assert.deepEqual(new Set(await Promise.all(all)), new Set(['made']))
  assert.equal(active.most, 4)
})

test('stopped, those under way are finished, and the others are still owed', async () => {
  const lives = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`d${at}`, refusedLife]))
  const { noticer, options } = await desk({ lives })
  const all = Object.keys(lives).map((delivery) => noticer.notify({ ...refused, delivery }))
  await noticer.stop()
  const counted = Map.groupBy(await Promise.all(all), (noticed) => noticed)
  assert.deepEqual([counted.get('made')?.length, counted.get('owed')?.length], [4, 5])
  assert.equal(await noticer.notify({ ...refused, delivery: 'd8' }), 'owed')
  assert.equal(await new Noticer(options).notify({ ...refused, delivery: 'd8' }), 'made')
})

test('a log that does not take it: said, left alone for a while, and made after the next start', async () => {
  const { options, log, warnings } = await desk()
  let tries = 0
  const full = {
    readStream: log.readStream.bind(log),
    append: async () => {
      tries++
      throw new LogFull('no room')
    },
  }
  const noticer = new Noticer({ ...options, log: full })
  assert.equal(await noticer.notify(refused), 'owed')
  assert.equal(await noticer.notify(refused), 'owed')
  assert.equal(tries, 1)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /after attempt 1 of delivery d1 could not be made; it is tried again: no room/)
  assert.equal(await new Noticer(options).notify(refused), 'made')
})

test('a delivery nobody knows is said to be unknown', async () => {
  const { noticer, warnings } = await desk()
  assert.equal(await noticer.notify({ ...refused, delivery: 'd2' }), 'owed')
  assert.match(warnings[0]!, /the history of the delivery does not know of it/)
})

test('the original is gone: the sender is told, and so are we', async () => {
  const found = await desk()
  const content = { ...found.options.content, stream: async () => null }
  assert.equal(await new Noticer({ ...found.options, content }).notify(refused), 'made')
  assert.match(found.warnings[0]!, /message md1 goes out without anything of it: the content .* is missing/)
})

test('a large notice lies in a file; one that came second leaves none behind', async () => {
  const large = `Subject: Hello\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(1500)}`
  const log = openMemoryLog()
  const found = await desk({ log, lives: {} })
  await tellDelivery(log, 'd1', refusedLife)
  const full = (events: readonly EventOf[]) =>
    events.map((event) =>
      event.type === 'DeliveryQueued' ? { ...event, data: { ...event.data, ret: 'FULL' } } : event,
    )
  const readStream: NoticerOptions['log']['readStream'] = async function* (stream, options) {
    for await (const page of log.readStream(stream, options)) yield full(page as readonly EventOf[])
  }
  const options: NoticerOptions = {
    ...found.options,
    log: { readStream, append: log.append.bind(log) },
    content: { ...found.options.content, stream: async () => Readable.from([Buffer.from(large)]) },
  }
  const both = [new Noticer(options), new Noticer(options)].map((noticer) => noticer.notify(refused))
  assert.deepEqual((await Promise.all(both)).sort(), ['made', 'settled'])
  const [event] = await found.settledAs(refused)
  assert.equal(event?.type, 'MessageAccepted')
  assert.deepEqual([...found.files.keys()], [event.data.message])
  assert.equal(found.files.get(event.data.message)?.length, event.data.size)
  assert.equal(await log.content(event.data.message), null)
})
