/** The short form of `npm run torture`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from './database.ts'
import { Torture } from './rounds.ts'

for (const log of engines)
  test(`${log}: killed under load, again and again: every acknowledged message is there once, intact`, async (t) => {
    const seed = Number(process.env.TORTURE_SEED ?? 8)
    const figures = await new Torture({ rounds: 8, seed, every: 4, clients: 4, log }).run()
    t.diagnostic(`seed ${seed}: ${JSON.stringify(figures)}`)
    assert.equal(figures.rounds, 8)
    assert.ok(figures.acknowledged > 20, `only ${figures.acknowledged} messages were acknowledged`)
  })
