/** The short form of `npm run torture:deliveries`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOf, tortureDeliveries } from './delivery-rounds.ts'

for (const [log, rounds] of [
  ['sqlite', 6],
  ['kurrent', 4],
] as const)
  test(`${log}: killed while delivering, again and again: every acknowledged mail arrives, what may be there twice says so, and a refusal is told once`, async (t) => {
    const seed = Number(process.env.TORTURE_SEED ?? 8)
    const figures = await tortureDeliveries({ rounds, seed, log })
    t.diagnostic(`seed ${seed}: ${JSON.stringify(figures)}`)
    assert.deepEqual(faultsOf(figures), [])
    assert.ok(figures.acknowledged > 20, `only ${figures.acknowledged} mails were acknowledged`)
    assert.ok(figures.refused > 5, `only ${figures.refused} recipients were refused`)
  })
