/** The short form of `npm run torture:deliveries`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tortureDeliveries } from './delivery-rounds.ts'

test('killed while delivering, again and again: every acknowledged mail arrives, and what may be there twice says so', async (t) => {
  const seed = Number(process.env.TORTURE_SEED ?? 8)
  const figures = await tortureDeliveries({ rounds: 5, seed })
  t.diagnostic(`seed ${seed}: ${JSON.stringify(figures)}`)
  assert.ok(figures.acknowledged > 20, `only ${figures.acknowledged} mails were acknowledged`)
})
