/** Facts that are few are found without a look at all the others: their types say in which streams they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factNames } from '../../../machines/vocabulary/fact-names.ts'
import { categoriesOf } from '../../../src/http/api/events.ts'
import { categoryOf } from '../../../src/log/port.ts'
import { startTestServer } from '../../server.ts'

test('what sessions and deliveries say may be anywhere; what is said of accounts, policies and logins is in streams of theirs', () => {
  assert.deepEqual(categoriesOf(['PolicyChanged', 'PolicyAdopted']), ['policy_change', 'policy'])
  assert.deepEqual(categoriesOf(['AccountAdded', 'AccountRemoved']), ['account'])
  assert.equal(categoriesOf(['AccountAdded', 'MessageAccepted']), null)
  const ofMachines = factNames.slice(0, factNames.indexOf('AccountAdded'))
  for (const name of ofMachines) assert.equal(categoriesOf([name]), null, name)
})

test('a server writes them where they are looked for', async (t) => {
  const server = await startTestServer({ playground: true })
  t.after(() => server.stop())
  await server.until((events) => events.some(({ type }) => type === 'PolicyChanged'))
  for (const { type, stream } of await server.events()) {
    const categories = categoriesOf([type])
    if (categories !== null) assert.deepEqual(categories, [categoryOf(stream)], type)
  }
})
