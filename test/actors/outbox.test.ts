/** What waits is handed over when it has waited long enough, and no sooner: it may still travel with its stream's barrier. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Outbox, type Sender } from '../../src/actors/outbox.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { kindOf } from '../../src/log/port.ts'

const kind = kindOf('Noted', 1, {})

const stage = (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const log = openMemoryLog()
  const append = log.append.bind(log)
  const appended: string[] = []
  log.append = (appends) => {
    appended.push(...appends.map(({ stream, events }) => `${stream} ${events.length}`))
    return append(appends)
  }
  let time = 0
  const outbox = new Outbox({ log, patience: 50, elapsed: () => time })
  const notes = new Map<string, number>()
  return {
    outbox,
    appended,
    pass: (milliseconds: number) => {
      for (let left = milliseconds; left > 0; left--) {
        time += 1
        context.mock.timers.tick(1)
      }
    },
    sender: (stream: string) => {
      let [fresh, revision] = [0, -1]
      const sender: Sender = {
        takeAppend: () => {
          const events = Array.from({ length: fresh }, () => {
            const id = `00000000-0000-4000-8000-${String(notes.size).padStart(12, '0')}`
            notes.set(id, 1)
            return { id, kind, at: 1, data: {} }
          })
          const expected = revision
          revision += fresh
          fresh = 0
          return events.length === 0 ? null : { stream, expected, events }
        },
        appendFailed: assert.fail,
      }
      return {
        note: () => {
          fresh++
          outbox.later(sender)
        },
        commit: () => {
          fresh++
          return outbox.commit(sender)
        },
      }
    },
  }
}

test('each waits for its own time, counted from its first fact', (context) => {
  const { sender, pass, appended } = stage(context)
  const [a, b] = [sender('a-1'), sender('b-1')]
  a.note()
  pass(30)
  a.note()
  b.note()
  pass(19)
  assert.deepEqual(appended, [])
  pass(1)
  assert.deepEqual(appended, ['a-1 2'])
  pass(29)
  assert.deepEqual(appended, ['a-1 2'])
  pass(1)
  assert.deepEqual(appended, ['a-1 2', 'b-1 1'])
})

test('a barrier takes along what waits; what comes after it waits anew', async (context) => {
  const { sender, pass, appended } = stage(context)
  const a = sender('a-1')
  a.note()
  pass(40)
  assert.equal(await a.commit(), true)
  a.note()
  pass(49)
  assert.deepEqual(appended, ['a-1 2'])
  pass(1)
  assert.deepEqual(appended, ['a-1 2', 'a-1 1'])
})

test('flushing waits for nobody', (context) => {
  const { sender, outbox, appended } = stage(context)
  sender('a-1').note()
  sender('b-1').note()
  outbox.flush()
  assert.deepEqual(appended, ['a-1 1', 'b-1 1'])
})
