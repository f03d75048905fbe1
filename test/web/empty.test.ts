/** What the page shows where there is nothing yet: lines that can be copied, and do what they say on this very server. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { password } from '../http/visitor.ts'
import { requireProgram } from '../programs.ts'
import { boss, bossHouse, listener, logIn, pageTests } from './browser.ts'

const test = pageTests()

const lines = async (page: Page): Promise<readonly string[]> => {
  await page.locator('.empty .command', { hasText: 'swaks' }).waitFor()
  return page.locator('.empty .command code').allTextContents()
}
const typed = (line: string) => promisify(execFile)('sh', ['-c', line])

test('what an empty place gives to copy sends a mail, whatever the ports are', async (here, t) => {
  if (requireProgram(t, 'curl') === null || requireProgram(t, 'swaks') === null) return
  const { page, origin } = here
  for (const place of ['sessions', 'deliveries', 'mail']) {
    await page.goto(`${origin}/${place}`)
    const found = await lines(page)
    const [swaks = '', curl = ''] = found.slice(-2)
    assert.match(swaks, /^swaks --server 127\.0\.0\.1:\d+ /)
    if (place === 'mail') {
      await typed(swaks)
      await typed(curl)
    } else assert.ok(curl.includes(` curl smtp://127.0.0.1:${here.server.port('mx')} `), curl)
  }
  await page.locator('.mails li', { hasText: 'Hello' }).nth(1).waitFor()
  assert.deepEqual(here.complaints, [])
})

const submittingTest = pageTests({
  ...bossHouse,
  listeners: ['mx', 'submission', 'http'].map(listener),
  delivery: { routes: { 'example.net': '127.0.0.1:9' } },
})
submittingTest(
  'outside of a playground accounts are told how to submit, and nobody of made-up domains',
  async (here, t) => {
    if (requireProgram(t, 'swaks') === null) return
    const { page, origin, server } = here
    await server.addAccount({ addresses: [boss], password })
    await page.goto(`${origin}/deliveries`)
    await logIn(here, boss)
    const [swaks = ''] = await lines(page)
    assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /playground|deferred\.test/)
    const port = server.port('submission')
    assert.ok(
      swaks.startsWith(`swaks --server 127.0.0.1:${port} --to somebody@example.net -tls --auth-user ${boss}`),
    )
    await typed(`${swaks} --auth-password '${password}'`)
    await page.getByText('somebody@example.net').first().waitFor()
  },
)
