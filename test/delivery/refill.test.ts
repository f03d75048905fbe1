/** What is due comes to its turns, whoever stands before it without room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refill } from '../../src/delivery/refill.ts'
import type { Due } from '../../src/delivery/timetable.ts'
import { Turns } from '../../src/delivery/turns.ts'
import { Wires } from '../../src/delivery/wires.ts'
import { sole } from '../../src/nodes/sole.ts'

const begun = 1_800_000_000_000

test('many domains behind one slow relay do not stand in the way of another host', () => {
  const started: string[] = []
  const turns = new Turns({
    concurrency: { total: 10, perDestination: 5 },
    ...{
      destinationOf: (hop) => (hop.endsWith('.slow') ? 'relay' : hop),
      paceOf: () => ({ answers: 1, failures: 0, failedAt: null }),
    },
    ...{ wires: new Wires(), now: () => begun, mayStart: () => true },
    start: ({ id }) => started.push(id),
  })
  const waiting: readonly Due[] = [
    ...Array.from({ length: 27_000 }, (_, at) => ({
      ...{ id: `s${at}`, nextHop: `d${at}.slow`, sender: '', at: begun, isRetry: true },
    })),
    { id: 'lone', nextHop: 'quick', sender: '', at: begun, isRetry: true },
  ]
  const refill = new Refill({
    turns,
    tools: { now: () => begun, node: 'mx', members: sole('mx') },
    isBusy: () => false,
    backlog: {
      due: (_, { limit, except = [] }) => {
        const left = new Set(except)
        return waiting.filter(({ nextHop }) => !left.has(nextHop)).slice(0, limit)
      },
    },
  })
  refill.ask()
  assert.ok(started.includes('lone'), started.join(' '))
  // Those without room are asked for again.
  assert.ok(turns.room > 0)
})
