import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { projections } from '../../projections/all.ts'
import { deliveries } from '../../projections/deliveries.ts'
import { messages } from '../../projections/messages.ts'
import { nothing, type Projection } from '../../projections/projection.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, LogDamaged } from '../../src/log/port.ts'
import { viewsFile } from '../../src/views/database.ts'
import { openViews } from '../../src/views/index.ts'
import { Runner } from '../../src/views/runner.ts'
import { Teller } from '../projections/marbles.ts'
import { atEnd, directoryFor, foldAll } from '../projections/views.ts'
import { story } from './stories.ts'

type Options = {
  readonly log: EventLog
  readonly directory: string
  readonly projections?: readonly Projection[]
}

/** Name and checksum of each view, in name order. */
const checksums = async (options: Options): Promise<readonly string[]> => {
  const views = openViews(options)
  try {
    return (await views.checked()).map(({ name, checksum, rows }) => `${name} ${rows} ${checksum}`)
  } finally {
    views.close()
  }
}

const told = async (line: string): Promise<Teller> => {
  const teller = new Teller(openMemoryLog())
  await teller.tell(line)
  return teller
}

for (const seed of [1, 2, 3]) {
  test(`a rebuilt view equals the live one, row for row (seed ${seed})`, async (context) => {
    const { log } = await told(story({ seed, sessions: 40 }))
    const directory = directoryFor(context)
    await foldAll({ directory, log, batch: 7 })
    const live = await checksums({ log, directory })
    const views = openViews({ directory, log })
    atEnd(context, () => views.close())
    const numbers = () => views.mailbox('a@x')!.map(({ number, id }) => `${number}:${id}`)
    const before = numbers()
    assert.ok(before.length > 5)
    assert.deepEqual(await views.rebuild([]), { behind: 0, stopped: [], foreign: [] })
    assert.deepEqual(numbers(), before)
    assert.deepEqual(await checksums({ log, directory }), live)
    const generations = (await views.status()).map(({ generation }) => generation)
    assert.ok(
      generations.every((generation) => generation > projections.length),
      `rebuilt: ${generations}`,
    )
  })
}

test('rows do not depend on how events are batched', async (context) => {
  const { log } = await told(story({ seed: 9, sessions: 60 }))
  const sums: (readonly string[])[] = []
  for (const batch of [1, 2, 13, 4_000]) {
    const directory = directoryFor(context)
    await foldAll({ directory, log, batch })
    sums.push(await checksums({ log, directory }))
  }
  for (const other of sums.slice(1)) assert.deepEqual(other, sums[0])
})

/** Several batches in one transaction, and the rest one by one. */
const farBehind = { batch: 3, far: 10 }

test('rows are the same where many batches were folded before they were written', async (context) => {
  const { log } = await told(story({ seed: 9, sessions: 60 }))
  const counted = async (options: { batch: number; far?: number }) => {
    const directory = directoryFor(context)
    const runner = await Runner.open({ directory, log, ...options })
    let steps = 0
    while (await runner.step()) steps++
    runner.close()
    return { steps, sums: await checksums({ directory, log }) }
  }
  const one = await counted({ batch: 3 })
  const together = await counted(farBehind)
  assert.ok(together.steps < one.steps / 5, `${together.steps} steps instead of ${one.steps}`)
  assert.deepEqual(together.sums, one.sums)
})

test('where many batches are written at once, the log is known again by its first event', async (context) => {
  const { log } = await told(story({ seed: 9, sessions: 20 }))
  const directory = directoryFor(context)
  await foldAll({ directory, log, ...farBehind })
  const file = new DatabaseSync(viewsFile(directory), { readOnly: true })
  atEnd(context, () => file.close())
  const places = file.prepare('SELECT place, position FROM origin ORDER BY place').all()
  assert.deepEqual(
    places.map(({ place, position }) => [place, position]),
    [
      ['first', 1],
      ['last', await log.tail()],
    ],
  )
})

test('an event that cannot be folded stops its view in front of it, wherever it is far from the end', async (context) => {
  const { log } = await told(story({ seed: 9, sessions: 60 }))
  for (const poisoned of [2, 14, 31, 60]) {
    const poor: Projection = {
      ...messages,
      fold: (event) => {
        if (event.position !== poisoned) return messages.fold(event)
        return [
          { kind: 'upsert', table: 'messages', key: ['half'], set: { size: 1 } },
          { kind: 'upsert', table: 'messages', key: ['a'], set: { size: 0.5 } },
        ]
      },
    }
    const sums: (readonly string[])[] = []
    for (const options of [{ batch: 1 }, farBehind, { batch: 250, far: 10 }]) {
      const directory = directoryFor(context)
      await foldAll({ directory, log, projections: [poor, deliveries], ...options })
      const views = openViews({ directory, log, projections: [messages, deliveries] })
      atEnd(context, () => views.close())
      const status = new Map((await views.status()).map((view) => [view.name, view]))
      assert.equal(status.get('messages')?.position, poisoned - 1)
      assert.equal(status.get('messages')?.errorPosition, poisoned)
      assert.equal(status.get('deliveries')?.position, await log.tail())
      sums.push(await checksums({ directory, log, projections: [messages, deliveries] }))
    }
    assert.ok((await log.tail()) > 300)
    assert.deepEqual(sums[1], sums[0])
    assert.deepEqual(sums[2], sums[0])
  }
})

test('a checksum notices a row that was changed', async (context) => {
  const one = await told('open accept(t1 a@x)')
  const other = await told('open accept(t1 b@x)')
  const sums = await Promise.all(
    [one, other].map(async ({ log }) => {
      const directory = directoryFor(context)
      await foldAll({ directory, log })
      return checksums({ log, directory })
    }),
  )
  assert.notDeepEqual(sums[0], sums[1])
})

test('an event that cannot be folded stops its view in front of it, and no other', async (context) => {
  const teller = await told('open accept(t1 a@x)')
  await teller.tellNonsense('smtp_session-s9', 'MessageAccepted', {
    message: 't2',
    recipients: [],
    sender: 7,
  })
  await teller.tell('accept(t3 a@x) quit')
  const directory = directoryFor(context)
  const stops: string[] = []
  await foldAll({ directory, log: teller.log, batch: 3, onStop: (line) => stops.push(line) })
  const views = openViews({ directory, log: teller.log })
  atEnd(context, () => views.close())
  const status = new Map((await views.status()).map((view) => [view.name, view]))
  assert.equal(status.get('messages')?.state, 'stopped')
  assert.equal(status.get('messages')?.position, 2)
  assert.equal(status.get('messages')?.errorPosition, 3)
  assert.equal(status.get('messages')?.lag, 3)
  assert.match(status.get('messages')?.error ?? '', /column user cannot hold nothing/)
  assert.deepEqual(
    [...views.messages()].map(({ id }) => id),
    ['t1'],
  )
  for (const name of ['sessions', 'state-flow', 'mailboxes'])
    assert.equal(status.get(name)?.position, 5, name)
  assert.deepEqual(
    views.mailbox('a@x')?.map(({ message }) => message),
    ['t1', 't3'],
  )
  assert.equal(stops.length, 1)
  assert.match(stops[0]!, /^view messages stopped at position 3: /)
})

test('half of an event that cannot be folded leaves no trace', async (context) => {
  const { log } = await told('open accept(t1 a@x) accept(t2 a@x) accept(t3 a@x)')
  const halfway: Projection = {
    name: 'halfway',
    version: 1,
    tables: { counted: { key: ['id'], columns: { id: 'text', count: 'count' } } },
    fold: (event) => {
      if (event.type !== 'MessageAccepted') return nothing
      const count = { kind: 'upsert', table: 'counted', key: ['all'], add: { count: 1 } } as const
      return event.data.message === 't3' ? [count, { ...count, table: 'nowhere' }] : [count]
    },
  }
  const directory = directoryFor(context)
  const options = { directory, log, projections: [halfway] }
  await foldAll(options)
  const before = await checksums(options)
  const good = await told('open accept(t1 a@x) accept(t2 a@x)')
  const other = directoryFor(context)
  await foldAll({ directory: other, log: good.log, projections: [halfway] })
  assert.deepEqual(before, await checksums({ directory: other, log: good.log, projections: [halfway] }))
})

test('a row that is made anew does not remember the one before it, in whatever batches', async (context) => {
  const { log } = await told('open accept(t1 a@x) accept(t2 a@x) accept(t3 a@x) accept(t4 a@x)')
  const anew: Projection = {
    name: 'anew',
    version: 1,
    tables: { counted: { key: ['id'], columns: { id: 'text', count: 'count', made: 'text' } } },
    fold: (event) => {
      if (event.type !== 'MessageAccepted') return nothing
      const { message } = event.data
      return message === 't1' || message === 't3'
        ? [{ kind: 'insert', table: 'counted', key: ['one'], set: { made: message } }]
        : [{ kind: 'upsert', table: 'counted', key: ['one'], add: { count: 1 } }]
    },
  }
  for (const batch of [1, 2, 3, 10]) {
    const directory = directoryFor(context)
    await foldAll({ directory, log, projections: [anew], batch })
    const file = new DatabaseSync(viewsFile(directory), { readOnly: true })
    atEnd(context, () => file.close())
    assert.deepEqual({ ...file.prepare('SELECT * FROM counted').get() }, { id: 'one', count: 1, made: 't3' })
  }
})

test('a stopped view goes on when a release can fold the event', async (context) => {
  const { log } = await told('open accept(t1 a@x) accept(t2 a@x)')
  const directory = directoryFor(context)
  const poor: Projection = {
    ...messages,
    fold: (event) => {
      if (event.position === 3) throw new Error('too hard')
      return messages.fold(event)
    },
  }
  await foldAll({ directory, log, projections: [poor, deliveries] })
  const views = openViews({ directory, log, projections: [messages, deliveries] })
  atEnd(context, () => views.close())
  const status = async () => (await views.status()).find(({ name }) => name === 'messages')
  assert.equal((await status())?.error, 'too hard')
  await foldAll({ directory, log, projections: [messages, deliveries] })
  assert.equal((await status())?.state, 'live')
  assert.deepEqual(
    [...views.messages()].map(({ id }) => id),
    ['t1', 't2'],
  )
})

const damagedAt = (log: EventLog, place: number): EventLog =>
  Object.assign(Object.create(log) as EventLog, {
    tail: () => log.tail(),
    async *readAll(after: number, options?: { limit?: number }) {
      for await (const page of log.readAll(after, options)) {
        const whole = page.filter(({ position }) => position < place)
        if (whole.length > 0) yield whole
        if (whole.length < page.length) throw new LogDamaged(place, 'a row is not what was written')
      }
    },
  })

test('damage far from the end stops the views at its place, and what stands before it is written', async (context) => {
  const { log } = await told(story({ seed: 9, sessions: 60 }))
  for (const place of [1, 3, 4, 20]) {
    const sums: (readonly string[])[] = []
    for (const options of [{ batch: 1 }, farBehind]) {
      const directory = directoryFor(context)
      const damaged = damagedAt(log, place)
      await foldAll({ directory, log: damaged, ...options })
      const views = openViews({ directory, log: damaged })
      atEnd(context, () => views.close())
      for (const view of await views.status()) {
        assert.equal(view.position, place - 1)
        assert.equal(view.errorPosition, place)
      }
      sums.push(await checksums({ directory, log: damaged }))
    }
    assert.deepEqual(sums[1], sums[0])
  }
})

test('a rebuild that is asked for while events are read makes nobody fold them twice', async (context) => {
  const { log } = await told(story({ seed: 9, sessions: 60 }))
  for (const options of [{ batch: 20 }, farBehind]) {
    const directory = directoryFor(context)
    let meanwhile = () => {}
    const slow: EventLog = Object.assign(Object.create(log) as EventLog, {
      tail: () => log.tail(),
      async *readAll(after: number, how?: { limit?: number }) {
        yield* log.readAll(after, how)
        meanwhile()
      },
    })
    const runner = await Runner.open({ directory, log: slow, ...options })
    atEnd(context, () => runner.close())
    meanwhile = () => {
      meanwhile = () => {}
      runner.rebuild('sessions')
    }
    while (await runner.step());
    const alone = directoryFor(context)
    await foldAll({ directory: alone, log })
    assert.deepEqual(await checksums({ directory, log }), await checksums({ directory: alone, log }))
  }
})

test('damage in the log stops the views at its place, with its position', async (context) => {
  const { log } = await told('open ehlo accept(t1 a@x) accept(t2 a@x)')
  const damaged = damagedAt(log, 3)
  const directory = directoryFor(context)
  await foldAll({ directory, log: damaged })
  const views = openViews({ directory, log: damaged })
  atEnd(context, () => views.close())
  for (const view of await views.status()) {
    assert.equal(view.position, 2)
    assert.equal(view.errorPosition, 3)
    assert.match(view.error ?? '', /damaged at position 3/)
  }
})

/** Sees what a reader sees, whatever stands in the file: the ids of the messages, marked by the version that wrote them. */
const marked = (version: number): Projection => ({
  ...messages,
  version,
  fold: (event) =>
    messages
      .fold(event)
      .map((change) =>
        'key' in change ? { ...change, key: change.key.map((part) => `${part} of ${version}`) } : change,
      ),
})
const idsIn = ({ directory, log }: Options): readonly string[] => {
  const views = openViews({ directory, log })
  try {
    return [...views.messages()].map(({ id }) => id)
  } finally {
    views.close()
  }
}

test('a new version is built beside the old one, which is read until it is ready', async (context) => {
  const { log } = await told('open accept(t1 a@x) accept(t2 a@x)')
  const directory = directoryFor(context)
  await foldAll({ directory, log, projections: [marked(1), deliveries] })
  const runner = await Runner.open({ directory, log, projections: [marked(2), deliveries], batch: 1 })
  atEnd(context, () => runner.close())
  assert.equal(runner.isReplacing(), true)
  for (let steps = 0; runner.isReplacing(); steps++) {
    assert.ok(steps < 10)
    assert.deepEqual(idsIn({ directory, log }), ['t1 of 1', 't2 of 1'])
    await runner.step()
  }
  assert.deepEqual(idsIn({ directory, log }), ['t1 of 2', 't2 of 2'])
})

test('events that arrive while a view is rebuilt are in both', async (context) => {
  const teller = await told('open accept(t1 a@x) accept(t2 a@x) accept(t3 a@x)')
  const { log } = teller
  const directory = directoryFor(context)
  await foldAll({ directory, log })
  const runner = await Runner.open({ directory, log, batch: 1 })
  atEnd(context, () => runner.close())
  runner.rebuild('mailboxes')
  await runner.step()
  await teller.tell('accept(t4 a@x)')
  while (await runner.step());
  const views = openViews({ directory, log })
  atEnd(context, () => views.close())
  assert.deepEqual(
    views.mailbox('a@x')?.map(({ number, message }) => `${number}:${message}`),
    ['1:t1', '2:t2', '3:t3', '4:t4'],
  )
  assert.ok((await views.status()).every(({ state, lag }) => state === 'live' && lag === 0))
})

test('a view that is no longer asked for is taken away', async (context) => {
  const { log } = await told('open')
  const directory = directoryFor(context)
  const old: Projection = {
    ...marked(1),
    name: 'old',
    tables: { bygones: messages.tables.messages! },
    fold: () => nothing,
  }
  await foldAll({ directory, log, projections: [messages, old] })
  await foldAll({ directory, log, projections: [messages] })
  const views = openViews({ directory, log })
  atEnd(context, () => views.close())
  assert.deepEqual(
    (await views.status()).map(({ name }) => name),
    ['messages'],
  )
})

test('a file that is no database is deleted and made anew, with a line that says so', async (context) => {
  const { log } = await told('open accept(t1 a@x)')
  const directory = directoryFor(context)
  writeFileSync(viewsFile(directory), 'this is no database, however long one looks at it'.repeat(100))
  const notices: string[] = []
  await foldAll({ directory, log, notice: (line) => notices.push(line) })
  assert.deepEqual(idsIn({ directory, log }), ['t1'])
  assert.equal(notices.length, 1)
  assert.match(notices[0]!, /built again from the log/)
})

test('views of another log are thrown away', async (context) => {
  const directory = directoryFor(context)
  const one = await told('open accept(t1 a@x) accept(t2 a@x)')
  await foldAll({ directory, log: one.log })
  const other = await told('open accept(t7 a@x) accept(t8 a@x) accept(t9 a@x)')
  const notices: string[] = []
  await foldAll({ directory, log: other.log, notice: (line) => notices.push(line) })
  assert.deepEqual(idsIn({ directory, log: other.log }), ['t7', 't8', 't9'])
  assert.match(notices.join(), /another log/)
})

test('a file that was deleted under a running server comes back', async (context) => {
  const teller = await told('open accept(t1 a@x)')
  const { log } = teller
  const directory = directoryFor(context)
  const runner = await Runner.open({ directory, log })
  atEnd(context, () => runner.close())
  while (await runner.step());
  for (const suffix of ['', '-wal', '-shm']) rmSync(viewsFile(directory) + suffix, { force: true })
  await teller.tell('accept(t2 a@x)')
  while (await runner.step());
  assert.deepEqual(idsIn({ directory, log }), ['t1', 't2'])
})

test('a file that is damaged under a running server is thrown away by whoever notices, and made anew', async (context) => {
  const teller = await told('open accept(t1 a@x)')
  const { log } = teller
  const directory = directoryFor(context)
  const runner = await Runner.open({ directory, log })
  atEnd(context, () => runner.close())
  while (await runner.step());
  writeFileSync(`${viewsFile(directory)}-wal`, '')
  writeFileSync(viewsFile(directory), 'no page of this is a page'.repeat(1_000))
  assert.throws(() => idsIn({ directory, log }), { name: 'ViewsDamaged' })
  await teller.tell('accept(t2 a@x)')
  while (await runner.step());
  assert.deepEqual(idsIn({ directory, log }), ['t1', 't2'])
})

test('two that run the same views take turns and lose nothing', async (context) => {
  const teller = await told(story({ seed: 5, sessions: 30 }))
  const { log } = teller
  const directory = directoryFor(context)
  const one = await Runner.open({ directory, log, batch: 5 })
  const other = await Runner.open({ directory, log, batch: 3 })
  atEnd(context, () => one.close())
  atEnd(context, () => other.close())
  const steps = async (runner: Runner): Promise<number> => {
    let done = 0
    while (await runner.step()) done++
    return done
  }
  const [first, second] = await Promise.all([steps(one), steps(other)])
  assert.ok(first > 0 && second > 0)
  const alone = directoryFor(context)
  await foldAll({ directory: alone, log })
  assert.deepEqual(await checksums({ directory, log }), await checksums({ directory: alone, log }))
})

test('indexes are made at the end of catching up, for a rebuilt view too, and again where one is missing', async (context) => {
  const { log } = await told(story({ seed: 5, sessions: 20 }))
  const directory = directoryFor(context)
  await foldAll({ directory, log })
  const file = new DatabaseSync(viewsFile(directory))
  atEnd(context, () => file.close())
  const found = (): readonly string[] =>
    file
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
      .all()
      .map(({ name }) => String(name))
  const questions = (names: readonly string[]) => names.map((name) => name.replace(/_\d+_by_/, ' by '))
  const wanted = projections.flatMap(({ tables }) =>
    Object.entries(tables).flatMap(([table, { indexes = [], sparse = [] }]) =>
      [...indexes, ...sparse].map((columns) => `${table} by ${columns.join('_')}`),
    ),
  )
  assert.ok(wanted.length > 6)
  assert.deepEqual(questions(found()).toSorted(), wanted.toSorted())
  const [lost] = found()
  file.exec(`DROP INDEX "${lost}"`)
  assert.ok(!found().includes(lost!))
  await foldAll({ directory, log })
  assert.ok(found().includes(lost!))
  const views = openViews({ directory, log })
  atEnd(context, () => views.close())
  await views.rebuild([])
  assert.deepEqual(questions(found()).toSorted(), wanted.toSorted())
})
