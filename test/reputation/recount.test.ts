import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import { Rates } from '../../src/reputation/rates.ts'
import { recount } from '../../src/reputation/recount.ts'
import { beginning, Teller } from '../projections/marbles.ts'

const toldBy = async (line: string, options: { readonly most?: number; readonly since?: number } = {}) => {
  const log = openMemoryLog()
  const told: string[] = []
  await new Teller(log).tell(line)
  await recount({
    ...{ log, since: 0, ...options },
    counted: ({ message }, at) => told.push(`${message} ${(at - beginning) / 1_000}`),
  })
  return told.join(', ')
}

test('messages are told with their times, our own notices are not', async () => {
  assert.equal(await toldBy('open took(t1) report(n1 d1 failed) took(t2) quit'), 't1 2, t2 4')
})

test('not further back than asked, nor more events than are allowed', async () => {
  const line = 'open took(t1) took(t2) took(t3)'
  assert.equal(await toldBy(line, { since: beginning + 3_000 }), 't2 3, t3 4')
  assert.equal(await toldBy(line, { most: 1 }), 't3 4')
})

test('after a start counts go on from what the log has', async () => {
  const log = openMemoryLog()
  await new Teller(log).tell('open took(t1) +50 took(t2) took(t3)')
  const now = beginning + 62_000
  const rates = new Rates({ windows: [{ of: 'senderDomain', per: 60_000 }] })
  await recount({
    ...{ log, since: now - rates.longest },
    counted: ({ sender, user, trace }, at) =>
      rates.recount({ sender, account: user, address: trace.peer.address }, { at, now }),
  })
  const { counts } = rates.enter({ address: '', account: null, sender: 'x@example.net' }, now)
  assert.equal(counts[0]?.messages, 3)
})
