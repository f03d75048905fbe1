/**
 * What every engine of the event log promises. An engine's own test file calls `eventLogContract` with a way to open it;
 * whatever only that engine does is tested there.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Append,
  type EventLog,
  type ExpectedRevision,
  kindOf,
  type LogReader,
  LogUnavailable,
  type Look,
  type NewEvent,
  NotSerialisable,
  type ReadFilter,
  type StoredEvent,
  WrongRevision,
} from '../../src/log/port.ts'

/** What an engine is; decides which of the last tests apply. */
export type Engine = {
  readonly name: string
  readonly keeps: 'for the next opening' | 'nothing'
  readonly readableBy: 'every process' | 'its own process'
  /** Whether positions are 1, 2, 3 ..., or only ascend. */
  readonly positions: 'dense' | 'ascending'
  /** Whether what was forgotten still comes in `readAll`, until the engine is cleaned up. */
  readonly forgets: 'at once' | 'later'
  /** Whether appends to several streams may leave a part behind, which the same again completes. */
  readonly several: 'all or none' | 'one after the other'
  readonly open: () => Promise<OpenedLog>
}

export type OpenedLog = {
  readonly log: EventLog
  /** Closes the log and opens the same one again. Absent for an engine that keeps nothing. */
  readonly reopen?: () => Promise<EventLog>
  /** A reader as another process would have it. Absent for an engine only its own process can read. */
  readonly reader?: () => Promise<LogReader>
  /** Closes everything that was opened here and removes what it left. */
  readonly dispose: () => Promise<void>
}

const noted = kindOf('Noted', 1, { machine: 'test', from: 'a', to: 'b', effects: 'reply' })
const counted = kindOf('Counted', 2, { machine: 'test' })

let lastId = 0
const newId = (): string => `00000000-0000-4000-8000-${String(++lastId).padStart(12, '0')}`
/** Streams of one test are of its own category: an engine may be shared by all of them. */
let lastCategory = 0
const newCategory = (): string => `contract_${Date.now().toString(36)}_${++lastCategory}`

const event = (data: object = {}, more: Partial<NewEvent> = {}): NewEvent => ({
  id: newId(),
  kind: noted,
  at: 1_700_000_000_000,
  data,
  ...more,
})
const events = (count: number): NewEvent[] => Array.from({ length: count }, (_, n) => event({ n }))
const put = (
  log: EventLog,
  stream: string,
  expected: ExpectedRevision,
  written: readonly NewEvent[],
  contents?: Append['contents'],
) => log.append([{ stream, expected, events: written, ...(contents && { contents }) }])

const gather = async (pages: AsyncIterable<readonly StoredEvent[]>): Promise<StoredEvent[]> => {
  const all: StoredEvent[] = []
  for await (const page of pages) {
    assert.ok(page.length > 0, 'a page is never empty')
    all.push(...page)
  }
  return all
}
/** `ends`: where the pieces ended. `down`: nothing before this position is wanted. */
const looked = async (log: LogReader, { down = 0, ...look }: Look & { readonly down?: number }) => {
  const found: StoredEvent[] = []
  const ends: number[] = []
  for await (const { events, to } of log.pieces(look)) {
    found.push(...events.filter(({ position }) => position > down))
    ends.push(to)
    const isWithin =
      look.order === 'oldest'
        ? events.every((one) => one.position <= to)
        : events.every((one) => one.position >= to)
    assert.ok(isWithin, 'nothing lies behind the end of a piece')
    if (look.order === 'newest' && to <= down) break
  }
  return { events: found, ends }
}
const idsOf = (found: readonly { readonly id: string }[]): string[] => found.map(({ id }) => id)
const wrongRevision = (stream: string, expected: number, actual: number) => (error: unknown) => {
  assert.ok(error instanceof WrongRevision, String(error))
  assert.deepEqual(
    { stream: error.stream, expected: error.expected, actual: error.actual },
    { stream, expected, actual },
  )
  return true
}

/** Follows until as many events came, then stops. */
const follow = (reader: LogReader, from: number, categories: readonly string[]) => {
  const stop = new AbortController()
  const seen: StoredEvent[] = []
  const waiters: { count: number; resolve: () => void }[] = []
  const ended = (async () => {
    for await (const page of reader.subscribe(from, { filter: { categories }, signal: stop.signal })) {
      seen.push(...page)
      for (const { count, resolve } of waiters) if (seen.length >= count) resolve()
    }
  })()
  const reached = (count: number): Promise<void> =>
    seen.length >= count ? Promise.resolve() : new Promise((resolve) => waiters.push({ count, resolve }))
  return { seen, reached, ended, stop: () => stop.abort() }
}

export const eventLogContract = ({
  name,
  keeps,
  readableBy,
  positions,
  forgets,
  several,
  open,
}: Engine): void => {
  const isDense = positions === 'dense'
  describe(`event log: ${name}`, () => {
    let opened: OpenedLog
    let log: EventLog
    before(async () => {
      opened = await open()
      log = opened.log
    })
    after(() => opened.dispose())

    describe('appending', () => {
      it('gives back what was written, in order, with its place', async () => {
        const stream = `${newCategory()}-one`
        const first = event({
          text: 'Grüße, 世界 \u0000 "quoted" \ud83d\udce8',
          nested: { list: [1, null, 1.5e300] },
        })
        const second = event({ n: 2 }, { kind: counted, meta: { dialogue: 'C: NOOP\nS: 250 2.0.0 Ok' } })
        const { position } = await put(log, stream, -1, [first, second])
        const [one, two] = await gather(log.readStream(stream))
        assert.ok(one !== undefined && one.position < position)
        assert.deepEqual(one, {
          position: isDense ? position - 1 : one.position,
          id: first.id,
          stream,
          revision: 0,
          type: 'Noted',
          version: 1,
          at: 1_700_000_000_000,
          data: first.data,
          meta: { machine: 'test', from: 'a', to: 'b', effects: 'reply', $correlationId: 'one' },
        })
        assert.deepEqual(two, {
          position,
          id: second.id,
          stream,
          revision: 1,
          type: 'Counted',
          version: 2,
          at: 1_700_000_000_000,
          data: { n: 2 },
          meta: { machine: 'test', $correlationId: 'one', dialogue: 'C: NOOP\nS: 250 2.0.0 Ok' },
        })
      })

      it('takes kinds that were not interned', async () => {
        const stream = `${newCategory()}-one`
        await put(log, stream, -1, [event({}, { kind: { type: 'Loose', version: 3, meta: { node: 'x' } } })])
        const [found] = await gather(log.readStream(stream))
        assert.equal(found?.type, 'Loose')
        assert.equal(found?.meta.node, 'x')
      })

      it('lets an own correlation stand', async () => {
        const stream = `${newCategory()}-one`
        await put(log, stream, -1, [event({}, { meta: { $correlationId: 'another' } })])
        const [found] = await gather(log.readStream(stream))
        assert.equal(found?.meta.$correlationId, 'another')
      })

      it('numbers revisions from 0, and gives positions that ascend', async () => {
        const category = newCategory()
        const tail = await log.tail()
        const streams = Array.from({ length: 5 }, (_, n) => `${category}-${n}`)
        const heads = new Map(streams.map((stream) => [stream, -1]))
        const appends: Promise<unknown>[] = []
        for (let round = 0; round < 40; round++)
          for (const stream of streams) {
            const count = (round % 3) + 1
            appends.push(put(log, stream, heads.get(stream)!, events(count)))
            heads.set(stream, heads.get(stream)! + count)
          }
        await Promise.all(appends)
        const all = await gather(log.readAll(tail, { filter: { categories: [category] } }))
        const found = all.map(({ position }) => position)
        if (isDense)
          assert.deepEqual(
            found,
            Array.from({ length: all.length }, (_, n) => tail + 1 + n),
          )
        assert.ok(found.every((position, n) => position > (found[n - 1] ?? tail)))
        for (const stream of streams) {
          const own = all.filter((found) => found.stream === stream)
          assert.deepEqual(
            own.map(({ revision }) => revision),
            Array.from({ length: heads.get(stream)! + 1 }, (_, n) => n),
          )
        }
      })

      it('writes in the order of the calls', async () => {
        const category = newCategory()
        const written = Array.from({ length: 50 }, () => event())
        await Promise.all(written.map((one, n) => put(log, `${category}-${n}`, -1, [one])))
        const all = await gather(log.readAll(0, { filter: { categories: [category] } }))
        assert.deepEqual(idsOf(all), idsOf(written))
      })

      it('answers with the position of the last event', async () => {
        const category = newCategory()
        const { position } = await log.append([
          { stream: `${category}-a`, expected: -1, events: events(3) },
          { stream: `${category}-b`, expected: -1, events: events(2) },
        ])
        const all = await gather(log.readAll(0, { filter: { categories: [category] } }))
        assert.equal(position, all.at(-1)?.position)
        assert.equal(position, await log.tail())
      })

      it('takes an append of nothing', async () => {
        assert.deepEqual(await log.append([]), { position: await log.tail() })
        const stream = `${newCategory()}-one`
        await put(log, stream, -1, [])
        await assert.rejects(put(log, stream, 0, []), wrongRevision(stream, 0, -1))
        assert.deepEqual(await gather(log.readStream(stream)), [])
      })

      it('names the last event', async () => {
        const stream = `${newCategory()}-one`
        const { position } = await put(log, stream, -1, events(3))
        const last = await log.last()
        assert.deepEqual([last?.position, last?.stream, last?.revision], [position, stream, 2])
      })

      it('takes a thousand events in one append', async () => {
        const stream = `${newCategory()}-one`
        const written = events(1000)
        await put(log, stream, -1, written)
        assert.deepEqual(idsOf(await gather(log.readStream(stream))), idsOf(written))
      })
    })

    describe('the expected revision', () => {
      it('must be the actual one', async () => {
        const stream = `${newCategory()}-one`
        await put(log, stream, -1, events(2))
        await assert.rejects(put(log, stream, -1, events(1)), wrongRevision(stream, -1, 1))
        await assert.rejects(put(log, stream, 0, events(1)), wrongRevision(stream, 0, 1))
        await assert.rejects(put(log, stream, 7, events(1)), wrongRevision(stream, 7, 1))
        await put(log, stream, 1, events(1))
      })

      it('is -1, and only -1, for a stream that does not exist', async () => {
        const stream = `${newCategory()}-one`
        await assert.rejects(put(log, stream, 0, events(1)), wrongRevision(stream, 0, -1))
        assert.deepEqual(await gather(log.readStream(stream)), [])
        assert.deepEqual(await log.streams(stream), [])
      })

      it('lets one of two writers win, and the loser try again', async () => {
        const stream = `${newCategory()}-one`
        const outcomes = await Promise.allSettled([
          put(log, stream, -1, events(1)),
          put(log, stream, -1, events(1)),
        ])
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ['fulfilled', 'rejected'],
        )
        await put(log, stream, 0, events(1))
      })

      it('refuses one append and leaves its neighbours alone', async () => {
        const category = newCategory()
        const outcomes = await Promise.allSettled([
          put(log, `${category}-a`, -1, events(1)),
          put(log, `${category}-a`, 5, events(1)),
          put(log, `${category}-a`, 0, events(1)),
          put(log, `${category}-b`, -1, events(1)),
        ])
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
        )
        assert.equal((await gather(log.readAll(0, { filter: { categories: [category] } }))).length, 3)
      })
    })

    describe('doing it again', () => {
      it('changes nothing, and gives the same answer', async () => {
        const stream = `${newCategory()}-one`
        const written = events(3)
        const first = await put(log, stream, -1, written)
        assert.deepEqual(await put(log, stream, -1, written), first)
        assert.equal((await gather(log.readStream(stream))).length, 3)
      })

      it('works in the same breath', async () => {
        const stream = `${newCategory()}-one`
        const written = events(2)
        const [first, second] = await Promise.all([
          put(log, stream, -1, written),
          put(log, stream, -1, written),
        ])
        assert.deepEqual(first, second)
        assert.equal((await gather(log.readStream(stream))).length, 2)
      })

      it('works when the stream has gone on', async () => {
        const stream = `${newCategory()}-one`
        await put(log, stream, -1, events(2))
        const written = events(2)
        const first = await put(log, stream, 1, written)
        await put(log, stream, 3, events(4))
        assert.deepEqual(await put(log, stream, 1, written), first)
        assert.equal((await gather(log.readStream(stream))).length, 8)
      })

      it('is not the same with other ids, fewer of them known, or another revision', async () => {
        const stream = `${newCategory()}-one`
        const written = events(2)
        await put(log, stream, -1, written)
        await assert.rejects(put(log, stream, -1, [written[0]!, event()]), WrongRevision)
        await assert.rejects(put(log, stream, -1, [...written, event()]), WrongRevision)
        await assert.rejects(put(log, stream, -1, [written[1]!, written[0]!]), WrongRevision)
        await assert.rejects(put(log, stream, 0, written), WrongRevision)
        assert.equal((await gather(log.readStream(stream))).length, 2)
      })
    })

    describe('several streams in one append', () => {
      it('are written all or none', async () => {
        const category = newCategory()
        await put(log, `${category}-b`, -1, events(1))
        const both = (expected: number): Append[] => [
          { stream: `${category}-a`, expected: -1, events: events(2) },
          { stream: `${category}-b`, expected, events: events(1) },
        ]
        await assert.rejects(log.append(both(-1)), wrongRevision(`${category}-b`, -1, 0))
        assert.deepEqual(await log.streams(`${category}-a`), [])
        await log.append(both(0))
        assert.equal((await gather(log.readAll(0, { filter: { categories: [category] } }))).length, 4)
      })

      it('may name the same stream twice', async () => {
        const stream = `${newCategory()}-one`
        const written = [event(), event(), event()]
        const appends: Append[] = [
          { stream, expected: -1, events: written.slice(0, 2) },
          { stream, expected: 1, events: written.slice(2) },
        ]
        const first = await log.append(appends)
        assert.deepEqual(await log.append(appends), first)
        assert.deepEqual(idsOf(await gather(log.readStream(stream))), idsOf(written))
      })

      it('may be tried again', async () => {
        const category = newCategory()
        const appends: Append[] = ['a', 'b'].map((id) => ({
          stream: `${category}-${id}`,
          expected: -1,
          events: events(2),
        }))
        const first = await log.append(appends)
        assert.deepEqual(await log.append(appends), first)
        const half = [appends[0]!, { stream: `${category}-c`, expected: -1, events: events(1) }]
        if (several === 'one after the other') {
          await log.append(half)
          assert.deepEqual(await log.streams(`${category}-c`), [`${category}-c`])
          return
        }
        await assert.rejects(log.append(half), WrongRevision)
        assert.deepEqual(await log.streams(`${category}-c`), [])
      })
    })

    describe('what cannot be written', () => {
      it('is refused before anything is taken', async () => {
        const stream = `${newCategory()}-one`
        const circular: { self?: object } = {}
        circular.self = circular
        await assert.rejects(put(log, stream, -1, [event(), event({ big: 1n })]), NotSerialisable)
        await assert.rejects(put(log, stream, -1, [event(circular)]), NotSerialisable)
        assert.deepEqual(await log.streams(stream), [])
        await put(log, stream, -1, [event({ absent: undefined })])
        assert.deepEqual((await gather(log.readStream(stream)))[0]?.data, {})
      })

      it('a stream without a category is a mistake of the caller', async () => {
        await assert.rejects(put(log, 'nodash', -1, events(1)), TypeError)
        await assert.rejects(put(log, '-id', -1, events(1)), TypeError)
      })
    })

    describe('small bodies', () => {
      it('are there when their events are', async () => {
        const category = newCategory()
        const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => n % 256)
        const contents = [
          { id: `${category}a`, bytes },
          { id: `${category}b`, bytes: new Uint8Array(0) },
        ]
        await put(log, `${category}-one`, -1, events(1), contents)
        assert.deepEqual(Buffer.from((await log.content(`${category}a`))!), Buffer.from(bytes))
        assert.equal((await log.content(`${category}b`))?.byteLength, 0)
        assert.equal(await log.content(`${category}c`), null)
      })

      it('are not kept when their events are refused', async () => {
        const category = newCategory()
        const contents = [{ id: `${category}a`, bytes: Buffer.from('body') }]
        await assert.rejects(put(log, `${category}-one`, 3, events(1), contents), WrongRevision)
        assert.equal(await log.content(`${category}a`), null)
      })

      it('may be used again by the caller once the append was called', async () => {
        const category = newCategory()
        const bytes = Buffer.from('as it was')
        const stored = put(log, `${category}-one`, -1, events(1), [{ id: category, bytes }])
        bytes.fill(0)
        await stored
        assert.equal(Buffer.from((await log.content(category))!).toString(), 'as it was')
      })
    })

    describe('reading', () => {
      it('a stream from a revision, so many', async () => {
        const stream = `${newCategory()}-one`
        const written = events(10)
        await put(log, stream, -1, written.slice(0, 4))
        await put(log, stream, 3, written.slice(4))
        const read = async (options: { from?: number; limit?: number }) =>
          idsOf(await gather(log.readStream(stream, options)))
        assert.deepEqual(await read({}), idsOf(written))
        assert.deepEqual(await read({ from: 3 }), idsOf(written.slice(3)))
        assert.deepEqual(await read({ from: 5, limit: 2 }), idsOf(written.slice(5, 7)))
        assert.deepEqual(await read({ from: 10 }), [])
        assert.deepEqual(await read({ limit: 0 }), [])
      })

      it('a stream that does not exist gives nothing', async () => {
        assert.deepEqual(await gather(log.readStream(`${newCategory()}-none`)), [])
      })

      it('everything after a position, wherever that is, so many', async () => {
        const category = newCategory()
        const tail = await log.tail()
        const written = events(12)
        await put(log, `${category}-a`, -1, written.slice(0, 5))
        await put(log, `${category}-b`, -1, written.slice(5))
        const all = await gather(log.readAll(tail))
        assert.deepEqual(idsOf(all), idsOf(written))
        const places = [tail, ...all.map(({ position }) => position)]
        for (const [skipped, place] of places.entries())
          assert.deepEqual(idsOf(await gather(log.readAll(place))), idsOf(written.slice(skipped)))
        assert.deepEqual(
          idsOf(await gather(log.readAll(places[3]!, { limit: 4 }))),
          idsOf(written.slice(3, 7)),
        )
        if (isDense) assert.deepEqual(await gather(log.readAll(tail + 100)), [])
      })

      it('by category and by type', async () => {
        const [here, there] = [newCategory(), newCategory()]
        const plain = event()
        const special = event({}, { kind: counted })
        const elsewhere = event({}, { kind: counted })
        await put(log, `${here}-a`, -1, [plain, special])
        await put(log, `${there}-a`, -1, [elsewhere])
        const read = async (filter: { categories?: string[]; types?: string[] }) =>
          idsOf(await gather(log.readAll(0, { filter })))
        assert.deepEqual(await read({ categories: [here] }), idsOf([plain, special]))
        assert.deepEqual(await read({ categories: [here, there] }), idsOf([plain, special, elsewhere]))
        assert.deepEqual(await read({ categories: [here], types: ['Counted'] }), idsOf([special]))
        assert.deepEqual(await read({ categories: [here], types: ['Unheard'] }), [])
        assert.deepEqual(await read({ categories: [here.slice(0, -1)] }), [])
        assert.deepEqual(await read({ categories: [] }), [])
      })

      it('a filter finds the same whatever lies between', async () => {
        const [rare, common] = [newCategory(), newCategory()]
        const tail = await log.tail()
        const wanted: NewEvent[] = []
        for (let n = 0; n < 12; n++) {
          const one = event({}, { kind: counted })
          wanted.push(one)
          await log.append([
            { stream: `${rare}-${n}`, expected: -1, events: [event(), one] },
            { stream: `${common}-${n}`, expected: -1, events: events(1000) },
          ])
        }
        const rareOnes = await gather(log.readAll(0, { filter: { categories: [rare] } }))
        assert.equal(rareOnes.length, 24)
        const skipped = await gather(log.readAll(rareOnes[4]!.position, { filter: { categories: [rare] } }))
        assert.deepEqual(skipped, rareOnes.slice(5))
        const counts = await gather(log.readAll(tail, { filter: { types: ['Counted'] } }))
        assert.deepEqual(idsOf(counts), idsOf(wanted))
        const few = await gather(log.readAll(tail, { filter: { types: ['Counted'] }, limit: 3 }))
        assert.deepEqual(idsOf(few), idsOf(wanted.slice(0, 3)))
      })

      it('piece by piece, from either end, however little fits', async () => {
        const [rare, common] = [newCategory(), newCategory()]
        const tail = await log.tail()
        for (let n = 0; n < 4; n++)
          await log.append([
            { stream: `${rare}-${n}`, expected: -1, events: [event(), event({}, { kind: counted })] },
            { stream: `${common}-${n}`, expected: -1, events: events(1500) },
          ])
        const all = await gather(log.readAll(tail))
        const filters: readonly ReadFilter[] = [
          {},
          { categories: [rare] },
          { categories: [common] },
          { types: ['Counted'] },
          { categories: [rare], types: ['Noted'] },
          { types: ['Unheard'] },
          { categories: [] },
        ]
        for (const filter of filters) {
          const { categories, types } = filter
          const wanted = all.filter(
            ({ stream, type }) =>
              (categories?.includes(stream.slice(0, stream.indexOf('-'))) ?? true) &&
              (types?.includes(type) ?? true),
          )
          const seen = await looked(log, { order: 'oldest', from: tail, filter })
          assert.deepEqual(seen.events, wanted)
          const back = await looked(log, { order: 'newest', from: Infinity, filter, down: tail })
          assert.deepEqual(back.events, wanted.toReversed())
          // Each piece goes on where one before ended, in another look as well.
          for (const to of seen.ends.slice(0, 3)) {
            const rest = await looked(log, { order: 'oldest', from: to, filter })
            assert.deepEqual(
              rest.events,
              wanted.filter(({ position }) => position > to),
            )
          }
          for (const to of back.ends.filter((at) => at > tail).slice(0, 3)) {
            const rest = await looked(log, { order: 'newest', from: to, filter, down: tail })
            assert.deepEqual(rest.events, wanted.filter(({ position }) => position < to).toReversed())
          }
        }
      })

      it('pieces from within an append, and none beyond either end', async () => {
        const category = newCategory()
        const tail = await log.tail()
        await put(log, `${category}-a`, -1, events(700))
        await put(log, `${category}-b`, -1, events(700))
        const all = await gather(log.readAll(tail))
        const middle = all[350]!.position
        const { events: before } = await looked(log, { order: 'newest', from: middle, down: tail })
        assert.deepEqual(before, all.slice(0, 350).toReversed())
        // Whoever asks need not know where events are.
        const { events: upTo } = await looked(log, { order: 'newest', from: middle + 1, down: tail })
        assert.deepEqual(upTo, all.slice(0, 351).toReversed())
        const { events: behind } = await looked(log, { order: 'oldest', from: middle })
        assert.deepEqual(behind, all.slice(351))
        assert.deepEqual((await looked(log, { order: 'newest', from: 0 })).events, [])
        assert.deepEqual((await looked(log, { order: 'oldest', from: await log.tail() })).events, [])
      })

      it('names of streams by their beginning, in order', async () => {
        const category = newCategory()
        for (const id of ['b2', 'a1', 'b1', 'c']) await put(log, `${category}-${id}`, -1, events(1))
        assert.deepEqual(
          await log.streams(`${category}-`),
          ['a1', 'b1', 'b2', 'c'].map((id) => `${category}-${id}`),
        )
        assert.deepEqual(await log.streams(`${category}-b`, { limit: 1 }), [`${category}-b1`])
        assert.deepEqual(await log.streams(`${category}-d`), [])
      })
    })

    describe('following', () => {
      it('catches up, then goes on, each event once and in order', async () => {
        const category = newCategory()
        const from = await log.tail()
        const written = events(2500)
        await put(log, `${category}-a`, -1, written.slice(0, 1200))
        const following = follow(log, from, [category])
        await following.reached(600)
        await put(log, `${category}-a`, 1199, written.slice(1200, 2000))
        await following.reached(2000)
        for (const one of written.slice(2000)) await put(log, `${category}-${one.id}`, -1, [one])
        await following.reached(2500)
        following.stop()
        await following.ended
        assert.deepEqual(idsOf(following.seen), idsOf(written))
      })

      it('begins in the middle of an append', async () => {
        const category = newCategory()
        const written = events(6)
        await put(log, `${category}-a`, -1, written)
        const [, , , fourth] = await gather(log.readStream(`${category}-a`))
        const following = follow(log, fourth!.position, [category])
        await following.reached(2)
        following.stop()
        await following.ended
        assert.deepEqual(idsOf(following.seen), idsOf(written.slice(4)))
      })

      const waitsBeyond = async () => {
        const category = newCategory()
        const tail = await log.tail()
        const following = follow(log, tail + 1, [category])
        const written = events(2)
        await put(log, `${category}-a`, -1, written)
        await following.reached(1)
        following.stop()
        await following.ended
        assert.deepEqual(idsOf(following.seen), [written[1]!.id])
      }
      if (isDense) it('waits beyond the end for what is still to come', waitsBeyond)

      it('ends when told to, also while nothing happens', async () => {
        const following = follow(log, await log.tail(), [newCategory()])
        following.stop()
        await following.ended
        assert.deepEqual(following.seen, [])
      })

      it('does not begin when told to stop before', async () => {
        const pages = log.subscribe(0, { signal: AbortSignal.abort() })
        assert.deepEqual(await gather(pages), [])
      })
    })

    describe('forgetting', () => {
      const isKept = (category: string) =>
        gather(log.readAll(0, { filter: { categories: [category] } })).then((found) =>
          found.map(({ stream, revision }) => `${stream.slice(category.length + 1)}:${revision}`),
        )

      it('takes whole streams away, and leaves the others as they are', async () => {
        const category = newCategory()
        const before = await log.tail()
        for (const id of ['a', 'b', 'c', 'd']) await put(log, `${category}-${id}`, -1, events(3))
        await put(log, `${category}-b`, 2, events(2))
        const { position } = await put(log, `${category}-d`, 2, events(1))
        await log.forget({ streams: [`${category}-b`, `${category}-c`] })
        for (const id of ['b', 'c'])
          assert.deepEqual(await gather(log.readStream(`${category}-${id}`)), [], id)
        assert.equal((await gather(log.readStream(`${category}-a`))).length, 3)
        assert.equal((await gather(log.readStream(`${category}-d`))).length, 4)
        assert.deepEqual(await log.streams(`${category}-`), [`${category}-a`, `${category}-d`])
        assert.equal(await log.tail(), position)
        if (forgets === 'at once')
          assert.deepEqual(await isKept(category), ['a:0', 'a:1', 'a:2', 'd:0', 'd:1', 'd:2', 'd:3'])
        // Everything can still be read, by who wants all of it as well.
        const all = await gather(log.readAll(before))
        assert.ok(all.every(({ position: at }, n) => n === 0 || at > all[n - 1]!.position))
        assert.equal(all.at(-1)?.position, position)
      })

      it('gives no position twice, also where the end was forgotten', async () => {
        const category = newCategory()
        await put(log, `${category}-kept`, -1, events(1))
        const { position } = await put(log, `${category}-gone`, -1, events(4))
        await log.forget({ streams: [`${category}-gone`] })
        const kept = await gather(log.readStream(`${category}-kept`))
        const last = await log.last()
        assert.ok(last !== null)
        if (forgets === 'at once') assert.equal(last.id, kept[0]?.id)
        const next = await put(log, `${category}-next`, -1, events(1))
        if (isDense) assert.equal(next.position, position + 1)
        assert.ok(next.position > position)
        assert.deepEqual(await isKept(category).then((found) => found.slice(-1)), ['next:0'])
      })

      it('takes beginnings away, and the stream goes on', async () => {
        const stream = `${newCategory()}-one`
        const written = events(6)
        for (const [at, one] of written.entries()) await put(log, stream, at - 1, [one])
        await log.forget({ beginnings: [{ stream, before: 4 }] })
        assert.deepEqual(idsOf(await gather(log.readStream(stream))), idsOf(written.slice(4)))
        assert.deepEqual(idsOf(await gather(log.readStream(stream, { from: 2 }))), idsOf(written.slice(4)))
        assert.deepEqual(idsOf(await gather(log.readStream(stream, { from: 5 }))), idsOf(written.slice(5)))
        await assert.rejects(put(log, stream, 3, events(1)), wrongRevision(stream, 3, 5))
        const more = events(1)
        await put(log, stream, 5, more)
        await log.forget({ beginnings: [{ stream, before: 6 }] })
        const left = await gather(log.readStream(stream))
        assert.deepEqual(
          left.map(({ id, revision }) => [id, revision]),
          [[more[0]!.id, 6]],
        )
        // Again what is known, and back to what is forgotten already: nothing changes.
        await log.forget({ beginnings: [{ stream, before: 2 }] })
        assert.deepEqual(idsOf(await gather(log.readStream(stream))), idsOf(more))
      })

      it('keeps of an append what is not before the revision', async () => {
        const stream = `${newCategory()}-one`
        const written = events(5)
        await put(log, stream, -1, written.slice(0, 2))
        await put(log, stream, 1, written.slice(2))
        await log.forget({ beginnings: [{ stream, before: 3 }] })
        const left = idsOf(await gather(log.readStream(stream)))
        assert.deepEqual(left.slice(-2), idsOf(written.slice(3)))
        assert.ok(left.length <= 3, `${left.length} events are left`)
      })

      it('takes bodies away', async () => {
        const [gone, kept] = [newCategory(), newCategory()]
        const bytes = Buffer.from('a body')
        await put(log, `${gone}-a`, -1, events(1), [{ id: gone, bytes }])
        await put(log, `${gone}-b`, -1, events(1), [{ id: kept, bytes }])
        await log.forget({ contents: [gone] })
        assert.equal(await log.content(gone), null)
        assert.deepEqual(Buffer.from((await log.content(kept))!), bytes)
        assert.equal((await gather(log.readStream(`${gone}-a`))).length, 1)
      })

      it('passes over what is not there, and may be asked again', async () => {
        const category = newCategory()
        await put(log, `${category}-a`, -1, events(2))
        const what = { streams: [`${category}-a`, `${category}-never`], contents: ['01h0000000000000000n'] }
        await log.forget(what)
        await log.forget(what)
        await log.forget({})
        assert.deepEqual(await gather(log.readStream(`${category}-a`)), [])
      })

      it('is met by those who follow without harm', async () => {
        const category = newCategory()
        const following = follow(log, await log.tail(), [category])
        await put(log, `${category}-a`, -1, events(2))
        await following.reached(2)
        await log.forget({ streams: [`${category}-a`] })
        const written = events(1)
        await put(log, `${category}-b`, -1, written)
        await following.reached(3)
        following.stop()
        await following.ended
        assert.equal(following.seen.at(-1)?.id, written[0]!.id)
      })

      it('leaves holes of any size that reading gets over', async () => {
        const category = newCategory()
        const from = await log.tail()
        const names = Array.from({ length: 3 }, (_, n) => `${category}-${n}`)
        for (const name of names) await put(log, name, -1, events(1000))
        await put(log, `${category}-end`, -1, events(1))
        await log.forget({ streams: names.slice(0, 1) })
        await log.forget({ streams: names.slice(1) })
        if (forgets === 'later') return
        const all = await gather(log.readAll(from))
        assert.deepEqual(
          all.map(({ stream }) => stream),
          [`${category}-end`],
        )
        // From within the hole as well.
        assert.equal((await gather(log.readAll(from + 1500))).length, 1)
      })
    })

    it('says what is waiting, and nothing when all is written', async () => {
      const stored = put(log, `${newCategory()}-one`, -1, events(10))
      assert.ok(log.waiting >= 0)
      await stored
      assert.equal(log.waiting, 0)
    })
  })

  describe(`event log: ${name}: closing`, () => {
    const withLog = async (test: (opened: OpenedLog) => Promise<void>): Promise<void> => {
      const opened = await open()
      try {
        await test(opened)
      } finally {
        await opened.dispose()
      }
    }

    it('writes what it took before', () =>
      withLog(async ({ log, reopen }) => {
        const stream = `${newCategory()}-one`
        const stored = put(log, stream, -1, events(1))
        await log.close()
        await stored
        if (keeps === 'nothing') return
        const again = await reopen!()
        assert.equal((await gather(again.readStream(stream))).length, 1)
      }))

    const staysForgotten = () =>
      withLog(async ({ log, reopen }) => {
        const category = newCategory()
        await put(log, `${category}-a`, -1, events(2))
        for (let at = -1; at < 3; at++) await put(log, `${category}-b`, at, events(1))
        await log.forget({
          streams: [`${category}-a`],
          beginnings: [{ stream: `${category}-b`, before: 2 }],
        })
        const again = await reopen!()
        assert.deepEqual(await gather(again.readStream(`${category}-a`)), [])
        const left = await gather(again.readStream(`${category}-b`))
        assert.deepEqual(
          left.map(({ revision }) => revision),
          [2, 3],
        )
        await put(again, `${category}-b`, 3, events(1))
        assert.ok((await gather(again.readAll(0))).length > 0)
      })
    if (keeps === 'for the next opening') it('keeps forgotten what was forgotten', staysForgotten)

    it('refuses everything afterwards, and ends those who follow', () =>
      withLog(async ({ log }) => {
        const following = follow(log, await log.tail(), [newCategory()])
        await log.close()
        await following.ended
        await assert.rejects(put(log, `${newCategory()}-one`, -1, events(1)), LogUnavailable)
        await assert.rejects(gather(log.readAll(0)), LogUnavailable)
        await assert.rejects(log.tail(), LogUnavailable)
        await assert.rejects(log.forget({ streams: [`${newCategory()}-one`] }), LogUnavailable)
        await log.close()
      }))

    const keepsEverything = () =>
      withLog(async ({ log, reopen }) => {
        const category = newCategory()
        const written = events(5)
        const first = await put(log, `${category}-a`, -1, written, [
          { id: category, bytes: Buffer.from('body') },
        ])
        const before = await gather(log.readAll(0, { filter: { categories: [category] } }))
        const again = await reopen!()
        assert.deepEqual(await gather(again.readAll(0, { filter: { categories: [category] } })), before)
        assert.equal(Buffer.from((await again.content(category))!).toString(), 'body')
        assert.deepEqual(await put(again, `${category}-a`, -1, written), first)
        await assert.rejects(
          put(again, `${category}-a`, -1, events(1)),
          wrongRevision(`${category}-a`, -1, 4),
        )
        const { position } = await put(again, `${category}-a`, 4, [event({}, { kind: counted })])
        if (isDense) assert.equal(position, first.position + 1)
        assert.ok(position > first.position)
      })
    if (keeps === 'for the next opening') it('keeps everything for the next opening', keepsEverything)

    const isSeenBeside = () =>
      withLog(async ({ log, reader }) => {
        const category = newCategory()
        const beside = await reader!()
        const following = follow(beside, await beside.tail(), [category])
        const written = events(3)
        await put(log, `${category}-a`, -1, written.slice(0, 2))
        await following.reached(2)
        await put(log, `${category}-a`, 1, [
          event({}, { id: written[2]!.id, kind: kindOf('NewlyNamed', 1, {}) }),
        ])
        await following.reached(3)
        following.stop()
        await following.ended
        assert.deepEqual(idsOf(following.seen), idsOf(written))
        assert.equal(following.seen[2]?.type, 'NewlyNamed')
        await beside.close()
      })
    if (readableBy === 'every process') it('is seen by readers beside it', isSeenBeside)
  })
}
