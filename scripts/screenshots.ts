/**
 * `node scripts/screenshots.ts`: the pictures of the page in `docs/screenshots/`, of a playground of its own that is given some mail.
 * Wants Debian's chromium.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTransport } from 'nodemailer'
import { chromium, type Page } from 'playwright-core'
import { parseConfig } from '../src/config/load.ts'
import { startServer } from '../src/main.ts'
import { buildPage } from './web-build.ts'

const house = dirname(dirname(fileURLToPath(import.meta.url)))
const pictures = join(house, 'docs', 'screenshots')
const listener = (service: string) => ({ service, address: '127.0.0.1', port: 0 })

const server = async (data: string) => {
  const text = JSON.stringify({ playground: true, listeners: [listener('mx'), listener('http')] })
  const { config } = parseConfig(text, { shown: null, file: null, folder: data, data })
  return startServer(config, { info: () => {}, warn: () => {} })
}

const letters = [
  ['ada@example.net', 'Ada Lovelace', 'Notes on the Analytical Engine'],
  ['grace@example.com', 'Grace Hopper', 'A bug, taped into the logbook'],
  ['shop@example.org', 'Garden Shop', 'Your order 1042 is on its way'],
  ['ci@example.org', 'Build', 'main is green again'],
] as const

const give = async (port: number): Promise<void> => {
  const transport = createTransport({ host: '127.0.0.1', port, tls: { rejectUnauthorized: false } })
  for (const [address, name, subject] of letters)
    await transport.sendMail({
      ...{ from: { name, address }, to: 'bob@example.org', subject },
      text: 'The engine weaves algebraic patterns just as the Jacquard loom weaves flowers and leaves.',
      html: `<h1>${subject}</h1><p>The engine weaves <b>algebraic patterns</b> just as the Jacquard loom weaves flowers and leaves.</p><p><a href="https://example.net/">Read more</a></p>`,
      attachments: [{ filename: 'notes.csv', content: 'a,b\n1,2\n' }],
    })
  for (const to of ['552@example.org', '451@example.org'])
    await transport.sendMail({ from: 'me@example.org', to, text: 'No' }).catch(() => {})
  for (const user of ['ann', 'ben', 'cem'])
    await transport.sendMail({
      ...{ from: 'me@example.org', to: [`${user}@deferred.test`, `${user}@bounced.test`] },
      ...{ subject: 'Far away', text: 'Hello' },
    })
  transport.close()
}

type Shot = {
  readonly name: string
  readonly show: (page: Page, origin: string) => Promise<void>
  readonly dark?: true
}

const firstLink = async (page: Page, selector: string): Promise<void> => {
  await page.locator(selector).first().click()
}

const shots: readonly Shot[] = [
  {
    name: 'session',
    show: async (page, origin) => {
      await page.goto(`${origin}/sessions?outcome=accepted`)
      await page.locator('tbody a').last().click()
      await page.locator('.step').waitFor()
      await page.keyboard.press('End')
      await page.keyboard.press('ArrowLeft')
      await page.locator('.step .what', { hasText: 'accepted and stored' }).waitFor()
    },
  },
  {
    name: 'mail',
    show: async (page, origin) => {
      await page.goto(`${origin}/mail/bob@example.org`)
      await firstLink(page, '.mails .rows a')
      await page.frameLocator('iframe.html').locator('h1').waitFor()
    },
  },
  {
    name: 'delivery',
    show: async (page, origin) => {
      await page.goto(`${origin}/deliveries?domain=deferred.test`)
      await firstLink(page, '.acts + .list a')
      await page.locator('.timeline').waitFor()
    },
  },
  {
    ...{ name: 'machine', dark: true },
    show: async (page, origin) => {
      await page.goto(`${origin}/machines/session`)
      await page.locator('.state .note').first().waitFor()
    },
  },
]

const take = async (origin: string): Promise<void> => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  for (const { name, show, dark } of shots) {
    const context = await browser.newContext({
      ...{ viewport: { width: 1280, height: 860 }, colorScheme: dark ? 'dark' : 'light' },
    })
    const page = await context.newPage()
    await show(page, origin)
    await page.locator('.line.open').waitFor()
    await page.screenshot({ path: join(pictures, `${name}.png`) })
    await context.close()
  }
  await browser.close()
}

await buildPage()
mkdirSync(pictures, { recursive: true })
const data = mkdtempSync(join(tmpdir(), 'fsmtp-pictures-'))
const running = await server(data)
await give(running.listeners.find(({ service }) => service === 'mx')!.port)
await take(`http://127.0.0.1:${running.http[0]!.port}`)
await running.stop()
rmSync(data, { recursive: true, force: true })
