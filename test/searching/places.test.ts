/** Mail is searched wherever it is kept: in a bucket, and beside a log that is a database. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { apiServer } from '../http/api/asking.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { standIn } from '../s3/target.ts'
import type { Settings } from '../server.ts'

const hay = 'a line of hay\r\n'.repeat(25_000)
const found = async (t: TestContext, settings: Settings): Promise<void> => {
  const api = await apiServer(t, settings)
  await api.mail('Subject: small\r\n\r\na needle')
  await api.mail(`Subject: large\r\n\r\n${hay}a needle`)
  await api.mail(`Subject: hay\r\n\r\n${hay}`)
  const subjects: unknown[] = []
  // A look that took long says how far it has come.
  for (let next: unknown = ''; next !== null; ) {
    const page = await api.get(`/mailboxes/alice@example.org/messages?text=needle${next}`)
    subjects.push(...(page.items as readonly { readonly subject: string }[]).map(({ subject }) => subject))
    assert.deepEqual(page.passedOver, { removed: 0, beginnings: 0, unreadable: 0 })
    next = page.next === null ? null : `&cursor=${page.next}`
  }
  assert.deepEqual(subjects, ['large', 'small'])
}

test('in a bucket', async (t) => {
  const { url, vault } = await standIn(t)
  await found(t, { content: url })
  assert.ok(vault.objects.size > 0)
})

test('beside a database', async (t) => {
  const database = await startKurrentStandIn()
  try {
    await found(t, { log: database.url })
  } finally {
    // After the server, which is stopped first.
    t.after(() => database.close())
  }
})
