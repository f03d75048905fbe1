/** A client that leaves while it is looked at: nothing is asked for it any longer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLists } from '../../src/authentication/client/index.ts'
import { StrangerExaminer } from '../../src/authentication/examiner.ts'
import { DnsFault, type Resolver } from '../../src/dns/index.ts'
import { Rates } from '../../src/reputation/rates.ts'
import { eventually } from '../eventually.ts'

test('a look that is broken off ends with all its questions', async (t) => {
  const open = new Set<string>()
  const resolver: Resolver = {
    resolve: (name, type, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        const asked = `${type} of ${name}`
        open.add(asked)
        const end = (): void => {
          open.delete(asked)
          reject(new DnsFault('ECANCELLED', asked))
        }
        if (signal?.aborted) end()
        else signal?.addEventListener('abort', end)
      }),
  }
  const lists = openLists({ lists: [], resolver })
  t.after(() => lists.close())
  const examiner = new StrangerExaminer({
    ...{ resolver, lists, hostname: 'mx.example.org', now: () => 0 },
    rates: new Rates({ windows: [{ of: 'address', per: 1_000 }] }),
    known: { karmaOf: () => undefined, acquaintanceOf: () => undefined },
    ourselves: { isOurName: () => false, isOurAddress: () => false },
  })
  const leaving = new AbortController()
  const stranger = { session: 's', address: '192.0.2.1', helo: 'a.example', sender: 'x@b.example' }
  const look = examiner.client({ ...stranger, signal: leaving.signal })
  await eventually(() => open.size >= 3, { what: 'questions for the address, EHLO and SPF' })
  leaving.abort()
  await look
  assert.deepEqual([...open], [])
})
