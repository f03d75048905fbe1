/** A mail as it is read and answered: names decoded, nothing cut off, nothing thrown away by mistake. */
import assert from 'node:assert/strict'
import { eventually } from '../eventually.ts'
import { password } from '../http/visitor.ts'
import { house, logIn, pageTests, type Shown } from './browser.ts'

const test = pageTests()

const bob = 'bob@example.org'
const name = 'a-rather-long-name-of-a-table-for-the-month.xlsx'
/** Encoded words in each field, and parts of long types. */
const greetings = [
  'From: =?utf-8?q?M=C3=BCller=2C_=C3=84nne?= <anne@app.example>',
  'Reply-To: =?utf-8?q?M=2C_B=C3=BCro?= <buero@app.example>',
  `To: =?utf-8?q?Bj=C3=B6rn?= <${bob}>`,
  'Cc: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>',
  'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
  'Message-ID: <g@app.example>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'It says so.',
  '--m',
  `Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet; name="${name}"`,
  `Content-Disposition: attachment; filename="${name}"`,
  '',
  'xxxx',
  '--m--',
  '',
].join('\r\n')

const opened = async (here: Shown, content = greetings): Promise<void> => {
  await here.mail(content)
  await here.server.addAccount({ addresses: ['demo@localhost', bob], password: 'a good password' })
  await here.page.goto(`${here.origin}/mail/${bob}`)
  await here.page.locator('.mails .rows a').first().click()
  await here.page.getByRole('tab', { name: 'Headers' }).waitFor()
}

test('who wrote, who is to be answered and who got it are read decoded, in the head and among the headers', async (here) => {
  await opened(here)
  const { page } = here
  await page.locator('.letter dd', { hasText: 'juergen@example.org' }).waitFor()
  assert.deepEqual((await page.locator('.letter dd').allTextContents()).slice(0, 4), [
    '"Müller, Änne" <anne@app.example>',
    '"M, Büro" <buero@app.example>',
    `Björn <${bob}>`,
    'Jürgen <juergen@example.org>',
  ])
  // What came with it is there to be saved, beside what it says.
  const attached = page.getByRole('list', { name: 'Attachments' }).getByRole('link')
  assert.deepEqual(await attached.allTextContents(), [`${name} 4 B`])
  assert.equal(await attached.getAttribute('download'), name)
  await page.getByRole('tab', { name: 'Headers' }).click()
  await page.locator('.headers dd', { hasText: 'Grüße' }).waitFor()
  assert.doesNotMatch((await page.locator('.headers').textContent()) ?? '', /=\?/)
  assert.match((await page.locator('.headers dd[title*="=?utf-8?q?Gr"]').getAttribute('title')) ?? '', /^=\?/)
})

test('a reply is filled in decoded, and goes to one address whatever its name is', async (here) => {
  await opened(here)
  const { page, server } = here
  await page.getByRole('button', { name: 'Reply' }).click()
  const dialog = page.getByRole('dialog', { name: 'Reply' })
  assert.equal(await dialog.getByLabel('To', { exact: true }).inputValue(), '"M, Büro" <buero@app.example>')
  assert.equal(await dialog.getByLabel('Subject').inputValue(), 'Re: Grüße')
  assert.match(await dialog.getByLabel('Text').inputValue(), /^\s*Müller, Änne wrote:\n> It says so\.\n$/)
  await dialog.getByRole('button', { name: 'Send' }).click()
  await dialog.getByText('It was accepted.').waitFor()
  await dialog.getByRole('link', { name: 'The mail' }).click()
  await page.locator('.message h2', { hasText: 'Re: Grüße' }).waitFor()
  await page.locator('.letter dd', { hasText: '"M, Büro" <buero@app.example>' }).waitFor()
  const sent = (await server.events()).find(
    ({ type, data }) => type === 'MessageAccepted' && data.subject === 'Re: Grüße',
  )
  assert.match(JSON.stringify(sent?.data.recipients), /"address":"buero@app\.example"/)
})

test('what was written is not thrown away by Escape, by the cross or by leaving, unless somebody means it', async (here) => {
  await opened(here)
  const { page } = here
  const dialog = page.getByRole('dialog', { name: 'Write a mail' })
  // Nothing was written: nothing is asked.
  for (const close of [() => page.keyboard.press('Escape'), () => dialog.getByLabel('Close').click()]) {
    await page.getByRole('button', { name: 'Write' }).click()
    await dialog.waitFor()
    await close()
    await dialog.waitFor({ state: 'detached' })
  }
  await page.getByRole('button', { name: 'Write' }).click()
  await dialog.getByLabel('Text').fill('A long letter.')
  const asking = dialog.getByText('Throw it away?')
  for (const close of [
    () => page.keyboard.press('Escape'),
    () => dialog.getByLabel('Close').click(),
    () => dialog.getByRole('button', { name: 'Leave it' }).click(),
  ]) {
    await close()
    await asking.waitFor()
    await dialog.getByRole('button', { name: 'Go on writing' }).click()
    await asking.waitFor({ state: 'detached' })
    assert.equal(await dialog.getByLabel('Text').inputValue(), 'A long letter.')
  }
  // However often.
  for (let times = 0; times < 5; times++) await page.keyboard.press('Escape')
  assert.equal(await dialog.getByLabel('Text').inputValue(), 'A long letter.')
  const leaving = page.waitForEvent('dialog')
  await page.evaluate("void setTimeout(() => location.assign('/sessions'))")
  const question = await leaving
  assert.equal(question.type(), 'beforeunload')
  await question.dismiss()
  assert.equal(await dialog.getByLabel('Text').inputValue(), 'A long letter.')
  await eventually(async () => {
    await page.keyboard.press('Escape')
    return asking.isVisible()
  })
  await dialog.getByRole('button', { name: 'Throw it away' }).click()
  await dialog.waitFor({ state: 'detached' })
})

test('a mail without a From is shown under the sender of its envelope, and answered there', async (here) => {
  await opened(here, 'Subject: Nobody wrote this\r\n\r\nhm')
  const { page, origin } = here
  await page.locator('.mails .from .weak', { hasText: 'a@b.example' }).waitFor()
  await page.getByRole('button', { name: 'Reply' }).click()
  assert.equal(await page.getByRole('dialog').getByLabel('To', { exact: true }).inputValue(), 'a@b.example')
  await page.keyboard.press('Escape')
  await page.goto(`${origin}/mail/all`)
  await page.locator('.mails .from .weak', { hasText: 'a@b.example' }).waitFor()
})

for (const width of [375, 320])
  test(`nothing of a mail is cut off on a screen of ${width} pixels`, async (here) => {
    await opened(here)
    const { page } = here
    await page.setViewportSize({ width, height: 800 })
    for (const tab of [/^Mail/, 'Headers', /^Parts/, 'Raw', 'What happened']) {
      await page.getByRole('tab', { name: tab }).click()
      await page.locator('.message').getByRole('tab', { name: tab, selected: true }).waitFor()
      await page.locator('.text, .headers, .message table, .story').first().waitFor()
      const [inside, article, all] = (await page.evaluate(
        "(() => { const one = document.querySelector('.message'); return [one.scrollWidth, one.clientWidth, document.documentElement.scrollWidth] })()",
      )) as [number, number, number]
      assert.ok(inside <= article && all <= width, `${tab}: ${inside} in ${article}, ${all} in ${width}`)
    }
  })

test('parts are counted as they are listed, and what is done with one is a word on one line', async (here) => {
  await opened(here)
  const { page } = here
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByRole('tab', { name: 'Parts (2)' }).click()
  await page.locator('.message tbody tr').first().waitFor()
  assert.equal(await page.locator('.message tbody tr').count(), 2)
  for (const link of await page.locator('.message td.act a').all())
    assert.ok(((await link.boundingBox())?.height ?? 99) < 24)
})

test('the bar of the open mail does not touch the box that chooses it', async (here) => {
  await opened(here)
  const { page } = here
  const row = page.locator('.mails .rows li', { has: page.locator('a[aria-current]') })
  const edge = (await row.boundingBox())!.x
  const box = (await row.getByRole('checkbox').boundingBox())!
  assert.ok(box.x - edge >= 8, `${box.x} - ${edge}`)
  const [bar, between] = (await page.evaluate(`(() => {
    const link = document.querySelector('.mails .rows a[aria-current]')
    return [getComputedStyle(link.parentElement).borderLeftColor, getComputedStyle(link).borderLeftWidth]
  })()`)) as [string, string]
  assert.notEqual(bar, 'rgba(0, 0, 0, 0)')
  assert.equal(between, '0px')
})

pageTests(house)('an account reads a mail that others got as well, and is not told of them', async (here) => {
  const { page, origin, server, mail } = here
  const [ann, secret] = ['ann@example.org', 'secret@example.org']
  for (const address of [ann, secret]) await server.addAccount({ addresses: [address], password })
  await mail(greetings, { to: [ann, secret] })
  await page.goto(`${origin}/mail`)
  await logIn(here, ann)
  await page.locator('.mails .rows a').first().click()
  await page.locator('.letter h2', { hasText: 'Grüße' }).waitFor()
  await page.getByText('It says so.').waitFor()
  await page.getByRole('tab', { name: 'Raw' }).click()
  await page.locator('pre.raw').waitFor()
  await page.getByRole('tab', { name: /^Mail/ }).click()
  assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /secret@/)
  assert.equal(await page.getByRole('link', { name: 'The session that brought it' }).count(), 0)
})

test('only a mail whose author’s domain answers for it is called vouched for', async (here) => {
  const { page } = here
  const found = (result: string) => ({
    author: { result: 'one', domains: ['app.example'] },
    dkim: [],
    dmarc: { result, domain: 'app.example' },
  })
  let result = 'temperror'
  await page.route(/\/api\/v1\/messages\/\w+$/, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), authentication: found(result) } })
  })
  await opened(here)
  const summary = page.locator('.verdicts summary')
  for (const [next, word] of [
    ['temperror', 'not vouched for'],
    ['fail', 'look twice'],
    ['pass', 'vouched for'],
  ] as const) {
    result = next
    await page.reload()
    await summary.getByText(word, { exact: true }).waitFor()
  }
  assert.deepEqual(here.complaints, [])
})
