/** The page in a real browser: Debian's chromium, driven by playwright-core, before a real server in this process. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Envelope, greeted, send } from '../client.ts'
import { password } from '../http/visitor.ts'
import { requireProgram } from '../programs.ts'
import { root, type Settings, startTestServer, type TestServer } from '../server.ts'

export const listener = (service: string) => ({ service, address: '127.0.0.1', port: 0 })

let isBuilt = false
/** As `npm start` does it: only where something changed. */
const build = (): void => {
  if (isBuilt) return
  execFileSync(process.execPath, [join(root, 'scripts', 'web-build.ts'), '--if-stale'], { cwd: root })
  isBuilt = true
}

let browser: Promise<Browser> | null = null

/** What was asked of hosts that mails come from: all of them lead here. */
export const strangersHeard: string[] = []
const stranger = createServer((request, response) => {
  strangersHeard.push(request.url ?? '')
  response.end()
})

const launch = async (executablePath: string): Promise<Browser> => {
  stranger.listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const { port } = stranger.address() as AddressInfo
  const rules = `--host-resolver-rules=MAP evil.example 127.0.0.1:${port}`
  return chromium.launch({ executablePath, args: ['--no-sandbox', rules] })
}

/** Milliseconds; the machine may be busy with other tests. */
const patience = 60_000

export type Shown = {
  readonly server: TestServer
  readonly page: Page
  /** `http://127.0.0.1:port`. */
  readonly origin: string
  /** Sends a mail to the mx listener, and resolves when it was accepted. */
  readonly mail: (content: string, envelope?: Envelope) => Promise<void>
  /** What the browser complained of so far: errors, and what the page's policy forbade. */
  readonly complaints: string[]
}

/** A playground with the page open in a browser; null where there is no chromium, and the test is marked as skipped. */
export const shown = async (t: TestContext, settings: Settings = {}): Promise<Shown | null> => {
  const executablePath = requireProgram(t, 'chromium')
  if (executablePath === null) return null
  build()
  browser ??= launch(executablePath)
  const server = await startTestServer({
    playground: true,
    listeners: [listener('mx'), listener('http')],
    // As long as a test lasts, nothing is tried again by itself.
    delivery: { retry: ['1h'], warnAfter: '2h', giveUpAfter: '5h' },
    ...settings,
  })
  const context = await (await browser).newContext({ viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(patience)
  t.after(async () => {
    await context.close()
    await server.stop()
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (line) => {
    if (line.type() === 'error') complaints.push(line.text())
  })
  const origin = `http://127.0.0.1:${server.running.http[0]!.port}`
  const port = server.port('mx')
  const mail = async (content: string, envelope?: Envelope): Promise<void> => {
    const line = await greeted(port)
    assert.match(await send(line, content, { to: ['bob@example.org'], ...envelope }), /^250/)
    await line.say('QUIT')
    await line.closed()
  }
  return { server, page, origin, complaints, mail }
}

/** When all tests of a file are over. */
after(async () => {
  await (await browser)?.close()
  stranger.close()
})

type PageTest = (here: Shown, t: TestContext) => Promise<void>

/** Tests that each have the page of a server of their own, of such settings. Where there is no chromium they are skipped by name. */
export const pageTests =
  (settings: Settings = {}) =>
  (name: string, does: PageTest): void => {
    void test(name, async (t) => {
      const here = await shown(t, settings)
      if (here !== null) await does(here, t)
    })
  }

/** No playground: mail for mailboxes of `example.org`, and nothing is seen without an account. */
export const house: Settings = { playground: false }
export const boss = 'boss@example.org'
/** The same, with one account that may see everything; tests add it as they add others. */
export const bossHouse: Settings = { ...house, http: { administrators: [boss] } }

/** Fills in what the page asks for, wherever it does. */
export const logIn = async ({ page }: Shown, account: string): Promise<void> => {
  await page.getByLabel('Account').fill(account)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

/** A session that is refused, and over. */
export const refused = async ({ server }: Shown): Promise<void> => {
  const line = await greeted(server.port('mx'))
  for (const command of ['MAIL FROM:<a@example.net>', 'RCPT TO:<552@any.example>', 'QUIT'])
    await line.say(command)
  await line.closed()
  await server.until(
    (events) => {
      const own = events.findLast(({ type }) => type === 'RecipientRefused')
      return events.some(({ type, stream }) => type === 'SessionClosed' && stream === own?.stream)
    },
    { what: 'the end of the session that was refused' },
  )
}
