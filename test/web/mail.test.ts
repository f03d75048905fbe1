/** Mail as people read, find, sort and answer it in a browser. */
import assert from 'node:assert/strict'
import { eventually } from '../eventually.ts'
import { pageTests, type Shown } from './browser.ts'

const test = pageTests()

const bob = 'bob@example.org'
const letter = (subject: string, from = 'Ada <ada@example.net>'): string =>
  `From: ${from}\r\nTo: ${bob}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replaceAll(' ', '.')}@example.net>\r\n\r\nIt says ${subject}.`

const rows = ({ page }: Shown) => page.locator('.mails .rows li')
const subjects = async (here: Shown): Promise<readonly string[]> =>
  here.page.locator('.mails .rows .subject').allTextContents()
/** Waits until the list is this, the newest first. */
const lists = (here: Shown, ...expected: readonly string[]): Promise<unknown> =>
  eventually(async () => JSON.stringify(await subjects(here)) === JSON.stringify(expected), {
    what: `the list to be ${expected.join(', ')}`,
    within: 20_000,
  })

/** Who a playground sends for. */
const sender = { addresses: ['demo@localhost'], password: 'a good password' } as const

/** A mailbox with these, the last one newest. */
const mailbox = async (here: Shown, ...letters: readonly string[]): Promise<void> => {
  for (const subject of letters) await here.mail(letter(subject))
  await here.page.goto(`${here.origin}/mail/${bob}`)
  await lists(here, ...letters.toReversed())
}

test('a mailbox is searched by words and by flags, and the address has what was asked', async (here) => {
  await mailbox(here, 'The engine', 'Weaving', 'More on the engine')
  const { page, origin } = here
  await page.keyboard.press('/')
  await page.keyboard.type('engine ada')
  await page.keyboard.press('Enter')
  await page.waitForURL(/search=engine\+ada/)
  await lists(here, 'More on the engine', 'The engine')
  await page.locator('.rows a').first().click()
  await page.locator('.message h2', { hasText: 'More on the engine' }).waitFor()
  await page.locator('.rows a:not(.unseen)').waitFor()
  assert.match(page.url(), /search=engine\+ada/)
  await lists(here, 'More on the engine', 'The engine')
  await page.goto(`${origin}/mail/${bob}?search=engine&flag=unseen`)
  await lists(here, 'The engine')
  await page.goto(`${origin}/mail/${bob}?search=zebra`)
  await page.getByText('No mail fits').waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  await lists(here, 'More on the engine', 'Weaving', 'The engine')
  assert.deepEqual(here.complaints, [])
})

test('by the keys one goes through the list, opens, chooses, marks and deletes', async (here) => {
  await mailbox(here, 'one', 'two', 'three', 'four')
  const { page } = here
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.locator('.message h2', { hasText: 'three' }).waitFor()
  await page.keyboard.press('j')
  await page.locator('.message h2', { hasText: 'two' }).waitFor()
  await page.keyboard.press('u')
  await page.getByText('Choose a mail').waitFor()
  await eventually(async () => (await page.locator('.rows a.unseen').count()) === 2)
  await page.keyboard.press('k')
  await page.keyboard.press('k')
  await page.keyboard.press('k')
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.getByText('2 mails chosen').waitFor()
  await page.keyboard.press('I')
  await eventually(async () => (await page.locator('.rows a.unseen').count()) === 1)
  await page.keyboard.press('#')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 mails are taken out of').waitFor()
  await dialog.getByRole('button', { name: 'Delete 2' }).click()
  await lists(here, 'two', 'one')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).getByText('delete it, or those chosen').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('all that fit a search are deleted, more than the list shows, and what comes meanwhile stays', async (here) => {
  const { page, origin } = here
  for (let at = 0; at < 55; at++) await here.mail(letter(`bulk ${at}`))
  await here.mail(letter('kept'))
  await page.setViewportSize({ width: 1440, height: 500 })
  await page.goto(`${origin}/mail/${bob}?subject=bulk`)
  await page.getByLabel('Choose all').click()
  await page.getByText('50 mails chosen').waitFor()
  await here.mail(letter('bulk, but later'))
  await page.getByRole('button', { name: 'Delete all that fit …' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Delete 5[56]$/ })
    .waitFor()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Delete 5/ })
    .click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.goto(`${origin}/mail/${bob}`)
  await page.getByText('kept', { exact: true }).waitFor()
  const left = await subjects(here)
  assert.ok(left.length <= 2 && left.at(-1) === 'kept', left.join(', '))
  assert.deepEqual(here.complaints, [])
})

test('a mailbox is looked at as it was, marked as past, and nothing is done there', async (here) => {
  await mailbox(here, 'one', 'two')
  const { page } = here
  const then = new Date().toISOString()
  await eventually(() => Date.now() > Date.parse(then))
  await page.locator('.rows a').first().click()
  await page.locator('.rows a:not(.unseen)').waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await lists(here, 'one')
  await page.goto(`${here.origin}/mail/${bob}?asOf=${then}`)
  await page.getByText('The past:').waitFor()
  await lists(here, 'two', 'one')
  assert.equal(await page.locator('.rows a.unseen').count(), 2)
  assert.equal(await rows(here).getByRole('checkbox').count(), 0)
  await page.locator('.rows a').last().click()
  await page.locator('.message h2', { hasText: 'one' }).waitFor()
  for (const name of ['Delete', 'Unread', 'Reply', 'Write'])
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name)
  assert.match(page.url(), /asOf=/)
  await page.getByRole('button', { name: '−1 week' }).click()
  await page.getByText('It was empty then').waitFor()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await lists(here, 'one')
  await page.getByRole('button', { name: 'Time travel' }).click()
  await page.getByRole('button', { name: '−10 min' }).click()
  await page.getByText('It was empty then').waitFor()
  await page.locator('nav.boxes').getByRole('link', { name: 'All mail' }).click()
  await page.getByText('all mail as it was').waitFor()
  await page.getByText('It was empty then').waitFor()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await lists(here, 'two', 'one')
  assert.deepEqual(here.complaints, [])
})

test('a mail is written and sent once, and leads to its session; a refusal is told in the server’s words', async (here) => {
  await mailbox(here, 'A question')
  const { page, server } = here
  await server.addAccount(sender)
  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog', { name: 'Write a mail' })
  await dialog.getByLabel('Subject').fill('Sent from the page')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await dialog.getByText('to: say who gets it').waitFor()
  await dialog.getByLabel('To', { exact: true }).fill('552@any.example')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await dialog.getByText(/it was refused: 552/).waitFor()
  await dialog.getByLabel('To', { exact: true }).fill(`Bob <${bob}>`)
  await dialog.getByLabel('Bcc').fill('carol@example.org')
  await dialog.getByLabel('Text').fill('Hello Bob.')
  await dialog.getByLabel('Attach').setInputFiles({
    ...{ name: 'table.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n') },
  })
  await dialog.getByText('table.csv (4 B)').waitFor()
  // As a double click does it.
  await page.evaluate(
    "for (const form of [1, 2].map(() => document.querySelector('.compose form'))) form.requestSubmit()",
  )
  await dialog.getByText('It was accepted.').waitFor()
  await dialog.getByRole('link', { name: 'The session that took it' }).click()
  await page.waitForURL(/\/sessions\//)
  await page.locator('.step').waitFor()
  const sent = async (): Promise<number> =>
    (await server.events()).filter(
      ({ type, data }) => type === 'MessageAccepted' && data.subject === 'Sent from the page',
    ).length
  assert.equal(await sent(), 1)
  await page.goto(`${here.origin}/mail/${bob}`)
  await page.getByText('Sent from the page').first().click()
  await page.getByRole('tab', { name: 'Parts (2)' }).waitFor()
  await page.getByRole('tab', { name: 'Headers' }).click()
  await page.locator('.headers dd', { hasText: 'Bob' }).first().waitFor()
  assert.equal(await page.locator('.headers').getByText('carol').count(), 0)
  assert.deepEqual(
    here.complaints.filter((complaint) => !/status of 4(?:00|22)/.test(complaint)),
    [],
  )
})

test('a mail is answered: to whom it came from, with what it said, and marked as answered', async (here) => {
  await mailbox(here, 'A question')
  const { page, server } = here
  await server.addAccount({ ...sender, addresses: [...sender.addresses, bob] })
  await page.locator('.rows a').first().click()
  await page.getByRole('button', { name: 'Reply' }).click()
  const dialog = page.getByRole('dialog', { name: 'Reply' })
  assert.equal(await dialog.getByLabel('To', { exact: true }).inputValue(), 'Ada <ada@example.net>')
  await eventually(async () => (await dialog.getByLabel('From').inputValue()) === bob)
  assert.equal(await dialog.getByLabel('Subject').inputValue(), 'Re: A question')
  assert.match(await dialog.getByLabel('Text').inputValue(), /wrote:\n> It says A question\.\n$/)
  await dialog.getByRole('button', { name: 'Send' }).click()
  await dialog.getByText('It was accepted.').waitFor()
  await dialog.getByRole('link', { name: 'The mail' }).click()
  await page.locator('.message h2', { hasText: 'Re: A question' }).waitFor()
  await page.getByRole('tab', { name: 'Headers' }).click()
  const headers = (await page.locator('.headers').textContent()) ?? ''
  assert.match(headers, /In-Reply-To<A\.question@example\.net>/i)
  const answered = await server.until((events) =>
    events.find(
      ({ type, data }) => type === 'MessageFlagged' && JSON.stringify(data.flags).includes('Answered'),
    ),
  )
  assert.equal(answered.data.mailbox, bob)
  assert.deepEqual(here.complaints, [])
})
