/** What a session came to, as the commands and the page say it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../../src/shapes/session.ts'
import { outcomeText, whoText, whyText } from '../../src/telling/session-text.ts'

const session = (said: Partial<Session>): Session =>
  ({ outcome: 'accepted', reason: 'quit', refusal: null, refusals: 0, deferred: false, ...said }) as Session

const told = (said: Partial<Session>) => [outcomeText(session(said)), whyText(session(said)) !== '']

test('what was refused is told beside what was accepted', () => {
  assert.deepEqual(told({}), ['accepted', false])
  assert.deepEqual(told({ refusals: 1, refusal: 'magic-reply' }), ['accepted, 1 refused', true])
  assert.deepEqual(told({ outcome: 'open', reason: null }), ['open', false])
  assert.deepEqual(told({ outcome: 'open', reason: null, refusals: 2, refusal: 'spf-fail' }), [
    'open, 2 refused',
    true,
  ])
  const refused = { outcome: 'refused', refusals: 3, reason: 'spf-fail', refusal: 'spf-fail' } as const
  assert.deepEqual(told(refused), ['refused', true])
  assert.deepEqual(told({ ...refused, deferred: true }), ['refused, for now', true])
  assert.deepEqual(told({ outcome: 'aborted', reason: 'disconnected' }), ['aborted', true])
})

test('a name that was tried is no account that logged in', () => {
  assert.equal(whoText({ user: null, tried: null }), '')
  assert.equal(whoText({ user: 'ann@x', tried: null }), 'ann@x')
  assert.equal(whoText({ user: null, tried: 'ann@x' }), 'ann@x (failed)')
  assert.equal(whoText({ user: 'ann@x', tried: 'anne@x' }), 'ann@x')
})
