import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import { Rates } from '../../src/reputation/rates.ts'
import { recount, sendingOf } from '../../src/reputation/recount.ts'
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

test('after a start a message is counted with those that its domain vouches for, or with the others', () => {
  const spf = { identity: 'mailfrom', domain: 'x.example', result: 'pass' } as const
  const signed = (result: 'pass' | 'fail', domain: string) => ({
    dkim: [{ result, domain, selector: 's' }],
  })
  const cases: readonly [Partial<Parameters<typeof sendingOf>[0]>, boolean][] = [
    [{}, false],
    [{ user: 'ann@x.example' }, true],
    [{ examined: { spf } }, true],
    [{ examined: { spf: { ...spf, result: 'softfail' } } }, false],
    [{ examined: { spf: { ...spf, identity: 'helo' } } }, false],
    [{ authentication: signed('pass', 'x.example') }, true],
    [{ authentication: signed('pass', 'example') }, true],
    [{ authentication: signed('pass', 'ax.example') }, false],
    [{ authentication: signed('pass', 'other.example') }, false],
    [{ authentication: signed('fail', 'x.example') }, false],
  ]
  const peer = { address: '192.0.2.1', port: 1, name: null }
  const trace = { by: 'mx.example.org', helo: 'x.example', peer, protocol: 'ESMTP', tls: null } as const
  const base = { sender: 'a@X.example', user: null, trace }
  for (const [more, vouched] of cases)
    assert.equal(sendingOf({ ...base, ...more }).vouched, vouched, JSON.stringify(more))
})
