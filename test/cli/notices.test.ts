/** Notices are lines that programs can read: each id under its own name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noticesTo } from '../../src/cli/notices.ts'

test('a notice is a line of JSON with the ids of what it is about', () => {
  const lines: string[] = []
  const { info, warn } = noticesTo({ write: (line) => void lines.push(line) })
  info('stopped')
  warn('it rains')
  warn('content could not be stored', new TypeError('no room'), { session: 's1', message: 'm1' })
  const told = lines.map((line) => {
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>
    assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/)
    return rest
  })
  assert.deepEqual(told, [
    { level: 30, msg: 'stopped' },
    { level: 40, msg: 'it rains' },
    {
      ...{ level: 40, session: 's1', message: 'm1', msg: 'content could not be stored' },
      err: { type: 'TypeError', message: 'no room' },
    },
  ])
})
