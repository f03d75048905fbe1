/** Questions that take longer than anybody waits, asked again and again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDesk, TooLong, TooMany } from '../../src/views/desk/index.ts'
import { eventually, scratch } from '../server.ts'

/** Answers after a walk within the database, which no end of its thread cuts short. */
const script = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads'
    import { DatabaseSync } from 'node:sqlite'
    const db = new DatabaseSync(':memory:')
    const walk = db.prepare('WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT ?) SELECT count(*) FROM n')
    parentPort.on('message', ({ number, words: [steps] }) => {
      walk.get(steps)
      parentPort.postMessage({ number, answer: steps })
    })
  `)}`,
)

test('what was given up and is still at work keeps others from beginning, and then no more', async (t) => {
  const desk = openDesk({ directory: scratch('desk'), log: '', script, threads: 1, patience: 2_000 })
  t.after(() => desk.close())
  const ask = (steps: number): Promise<unknown> => desk.ask('status', steps)
  await assert.rejects(ask(50_000_000), TooLong)
  await assert.rejects(ask(50_000_000), TooLong)
  await assert.rejects(ask(1), TooMany)
  await eventually(
    async () => (await ask(1).catch((error: Error) => (error instanceof TooMany ? 0 : 1))) === 1,
    { within: 60_000, what: 'an answer' },
  )
})
