/** The page for everybody: with a screen reader, in the dark, on a small screen. */
import assert from 'node:assert/strict'
import { barriers } from './axe.ts'
import { pageTests, refused } from './browser.ts'
import { hello } from './mails.ts'

const test = pageTests()

for (const colorScheme of ['light', 'dark'] as const)
  test(`nobody is shut out (axe), ${colorScheme}`, async (here) => {
    const { page, origin, mail } = here
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const faults: string[] = []
    const look = async (path: string, there: string, first?: () => Promise<void>): Promise<void> => {
      await page.goto(`${origin}${path}`)
      await first?.()
      await page.locator(there).first().waitFor()
      faults.push(...(await barriers(page)).map((barrier) => `${path}: ${barrier}`))
    }
    await look('/mail', '.empty')
    await look('/sessions', '.empty')
    await look('/deliveries', '.empty')
    await look('/replay', '.drop')
    await mail(hello, { to: ['a@deferred.test', 'bob@example.org'] })
    await refused(here)
    await look('/sessions', 'tbody tr')
    const ways = await page
      .locator('tbody a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')))
    await look(`${ways.at(-1)}?step=3`, '.step')
    await look('/mail', '.mails .rows a')
    const letter = await page.locator('.mails .rows a').first().getAttribute('href')
    for (const view of ['said', 'headers', 'attachments', 'raw', 'story'])
      await look(`${letter}?view=${view}`, '.message .bar')
    const box = '/mail/bob@example.org'
    const press =
      (...keys: readonly string[]) =>
      async (): Promise<void> => {
        await page.locator('.mails .rows a').first().waitFor()
        for (const key of keys) await page.keyboard.press(key)
      }
    await look(box, '.chosen .danger', press('j', 'x'))
    await look(box, 'dialog .danger', press('j', '#'))
    await look(box, '.compose', press('c'))
    await look(`${box}?asOf=0s`, '.past')
    await look('/logins', '.empty')
    await look('/deliveries', '.acts + .list tbody tr')
    const way = await page.locator('.acts + .list a').last().getAttribute('href')
    await look(`${way}`, '.timeline, main .weak')
    await look(`${way}?view=steps`, '.step')
    await look(`/deliveries?asOf=${new Date().toISOString()}`, '.past')
    await look('/machines/delivery?period=1h', '.chart .note')
    await look('/log', '.tail li')
    await look('/health', 'tbody tr')
    assert.deepEqual(faults, [])
  })

test('on a small screen nothing is wider than it', async ({ page, origin, mail }) => {
  await mail(hello)
  await page.setViewportSize({ width: 390, height: 800 })
  await page.goto(`${origin}/sessions`)
  await page.locator('tbody a').first().waitFor()
  const session = await page.locator('tbody a').first().getAttribute('href')
  const wide: string[] = []
  for (const path of [
    '/mail',
    '/mail/bob@example.org',
    '/mail/bob@example.org?asOf=1h',
    '/logins',
    '/sessions',
    String(session),
    '/deliveries',
    '/deliveries?asOf=2026-01-31T08:30:00.000Z',
    '/machines/session',
    '/machines/delivery?period=24h',
    '/log',
    '/health',
    '/replay',
  ]) {
    await page.goto(`${origin}${path}`)
    await page.locator('main h1').first().waitFor()
    const width = (await page.evaluate('document.documentElement.scrollWidth')) as number
    if (width > 390) wide.push(`${path}: ${width}`)
  }
  assert.deepEqual(wide, [])
})
