/** Logging in with a real browser: its cookie, its Origin, its idea of another site. */
import assert from 'node:assert/strict'
import { password, visitor } from '../http/visitor.ts'
import { barriers } from './axe.ts'
import { boss, bossHouse, logIn, pageTests } from './browser.ts'

/** Who sends to `far.example` finds nobody there, and tries again later. */
const test = pageTests({
  ...bossHouse,
  delivery: { retry: ['1h'], routes: { 'far.example': '127.0.0.1:9' } },
})
const ann = 'ann@example.org'

test('somebody logs in, sees the mail, is not acted for by another site, and logs out', async (here) => {
  const { page, origin, server, mail } = here
  await server.addAccount({ addresses: [boss], password })
  await mail('Subject: Behind a door\r\n\r\nhello', { to: [boss] })
  await page.goto(`${origin}/mail`)
  await page.getByLabel('Account').fill(boss)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('the name or the password is wrong').waitFor()
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('Behind a door').first().waitFor()
  assert.equal(await page.evaluate('document.cookie'), '')

  const other = await page.context().newPage()
  await other.goto('http://evil.example/')
  const asked = (method: string): Promise<number> =>
    other.evaluate(
      ([url, method]) =>
        fetch(url!, { method: method!, mode: 'no-cors', credentials: 'include', body: '{}' }).then(
          ({ status }) => status,
          () => -1,
        ),
      [`${origin}/api/v1/login`, method] as const,
    )
  // Nothing of an answer is seen there, not even that there is one.
  assert.equal(await asked('POST'), -1)
  assert.equal(await asked('GET'), -1)
  await other.close()
  const own = (method: string, path: string): Promise<number> =>
    page.evaluate(([path, method]) => fetch(path!, { method: method! }).then(({ status }) => status), [
      `/api/v1${path}`,
      method,
    ] as const)
  assert.equal(await own('GET', '/logins'), 200)
  assert.equal(await own('DELETE', '/login'), 204)
  assert.equal(await own('GET', '/logins'), 401)
  await page.reload()
  await page.getByLabel('Account').waitFor()
})

test('who is no administrator sees their own mail, and no way to that of others', async (here) => {
  const { page, origin, server, mail } = here
  await server.addAccount({ addresses: [ann], password })
  await server.addAccount({ addresses: [boss], password })
  await mail('Subject: For Ann\r\n\r\nhello', { to: [ann] })
  await mail('Subject: For the boss\r\n\r\nhello', { to: [boss] })
  await page.goto(`${origin}/`)
  await logIn(here, ann)
  await page.locator('.line.open').waitFor()
  await mail('Subject: And at once\r\n\r\nhello', { to: [ann] })
  await page.getByText('And at once').first().waitFor()
  await page.getByText('For Ann').first().click()
  await page.locator('.message h2', { hasText: 'For Ann' }).waitFor()
  await page.getByText('What happened').first().click()
  await page.locator('.story li').first().waitFor()
  assert.equal(await page.getByText('as a history file').count(), 0)
  assert.equal(await page.getByText('For the boss').count(), 0)
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Account').waitFor()
})

test('who is no administrator sees what they sent, where it went, and what they may do; other pages say whose they are', async (here) => {
  const { page, origin, server, mail } = here
  const port = server.running.http[0]!.port
  const asked: string[] = []
  page.on('response', (answer) => {
    if (answer.status() >= 400 && answer.status() !== 401) asked.push(`${answer.status()} ${answer.url()}`)
  })
  const people = [ann, 'bob@example.org']
  for (const address of people) await server.addAccount({ addresses: [address], password })
  await mail('Subject: In\r\n\r\nhello', { to: [ann] })
  for (const user of people) {
    const { ask } = await visitor(port, { user })
    const body = JSON.stringify({ to: ['x@far.example'], subject: `Out of ${user}`, text: 'hello' })
    const headers = { 'content-type': 'application/json' }
    assert.equal((await ask('/api/v1/messages', { method: 'POST', headers, body })).status, 202)
  }
  await server.until((events) => events.filter(({ type }) => type === 'Deferred').length === 2)
  await page.goto(`${origin}/log`)
  await logIn(here, ann)
  await page.getByRole('heading', { name: 'Log is for administrators' }).waitFor()
  await page.goto(`${origin}/health`)
  await page.getByRole('heading', { name: 'Health is for administrators' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0)
  await page.goto(`${origin}/replay`)
  await page.getByRole('heading', { name: 'Replay a history file' }).waitFor()
  await page.getByText(ann).first().waitFor()
  assert.equal(await page.getByText('not live').count(), 0)

  await page.goto(`${origin}/mail`)
  await page.getByRole('link', { name: 'Sent' }).click()
  await page.getByText('Out of ann@example.org').first().waitFor()
  assert.equal(await page.getByText('Out of bob@example.org').count(), 0)
  await page.goto(`${origin}/deliveries?status=deferred`)
  await page.locator('tbody tr').first().waitFor()
  assert.equal(await page.locator('tbody tr').count(), 1)
  assert.equal(await page.locator('.acts').count(), 0)
  assert.equal(await page.getByRole('region', { name: 'The queue at a glance' }).count(), 0)
  await page.locator('tbody a').first().click()
  await page.getByRole('button', { name: 'Retry' }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Hold' }).count(), 0)
  // Nobody listens there: no line was said.
  await page.getByText('Nothing was said').waitFor()
  assert.equal(await page.locator('summary', { hasText: 'Transcript' }).count(), 0)
  await page.getByRole('link', { name: 'Machines' }).click()
  await page.locator('.chart .state').first().waitFor()
  await page.getByRole('columnheader', { name: 'What it means' }).waitFor()
  assert.equal(await page.getByRole('columnheader', { name: 'Now' }).count(), 0)
  assert.equal(await page.getByText(/ now$/).count(), 0)
  assert.deepEqual(asked, [])
})

test('logins are seen with where they are, and ended: one, everywhere else, everywhere', async (here) => {
  const { page, origin, server } = here
  const port = server.running.http[0]!.port
  await server.addAccount({ addresses: [ann], password })
  await server.addAccount({ addresses: [boss], password })
  const enter = async (user: string): Promise<void> => {
    await page.goto(`${origin}/logins`)
    await logIn(here, user)
    await page.getByRole('heading', { name: 'Logins' }).waitFor()
    await page.getByText('this one').waitFor()
  }
  const row = page.locator('.logins tbody tr')
  const asAnn = { user: ann, headers: { 'user-agent': 'Anns phone' } }
  const phone = await visitor(port, asAnn)
  await enter(ann)
  await row.nth(1).waitFor()
  assert.equal(await page.getByText('Keys of programs').count(), 0)
  assert.match(
    (await row.filter({ hasText: 'this one' }).textContent()) ?? '',
    /Chrome on Linux.*127\.0\.0\.1/,
  )
  assert.deepEqual(await barriers(page), [])
  await row.filter({ hasText: 'Anns phone' }).getByRole('button', { name: 'End' }).click()
  await page.getByRole('dialog').getByText('on Anns phone, from 127.0.0.1, will end').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
  await row.nth(1).waitFor({ state: 'detached' })
  assert.equal((await phone.ask('/api/v1/logins')).status, 401)
  const again = await visitor(port, asAnn)
  await page.reload()
  await row.nth(1).waitFor()
  await page.getByRole('button', { name: 'Log out everywhere else' }).click()
  await page.getByRole('dialog').getByText('1 login of yours will end').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
  await row.nth(1).waitFor({ state: 'detached' })
  assert.equal((await again.ask('/api/v1/logins')).status, 401)
  await page.getByRole('button', { name: 'Log out everywhere', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Account').waitFor()
  await visitor(port, asAnn)
  await enter(boss)
  await row.filter({ hasText: ann }).waitFor()
  await page.getByText('Keys of programs').waitFor()
})

pageTests()('a playground has no logins, and says so to who asks for them', async (here) => {
  await here.page.goto(`${here.origin}/logins`)
  await here.page.getByText('Nobody logs in here').waitFor()
  assert.equal(await here.page.getByRole('link', { name: 'Logins' }).count(), 0)
  assert.equal(await here.page.getByRole('button', { name: 'Log out' }).count(), 0)
})
