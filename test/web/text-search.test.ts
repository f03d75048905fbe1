/** Mail found by what it says: at once by what the list shows, and where somebody asks for it by reading mail. */
import assert from 'node:assert/strict'
import { eventually } from '../eventually.ts'
import { pageTests, type Shown } from './browser.ts'

const test = pageTests()
const bob = 'bob@example.org'
const letter = (subject: string, text: string): string =>
  `From: Ada <ada@example.net>\r\nTo: ${bob}\r\nSubject: ${subject}\r\n\r\n${text}`
const subjects = ({ page }: Shown) => page.locator('.mails .rows .subject')
const lists = (here: Shown, ...expected: readonly string[]): Promise<unknown> =>
  eventually(
    async () => JSON.stringify(await subjects(here).allTextContents()) === JSON.stringify(expected),
    {
      what: `the list to be ${expected.join(', ')}`,
      within: 20_000,
    },
  )

test('what is typed is found in the list at once, and in the text where it is asked for, which the address keeps', async (here) => {
  const { page, origin } = here
  await here.mail(letter('Your code', 'The zebra code is 482913.'))
  await here.mail(letter('About a zebra', 'It has stripes.'))
  await page.goto(`${origin}/mail/${bob}`)
  await lists(here, 'About a zebra', 'Your code')
  const box = page.getByLabel('Search the text too')
  assert.equal(await box.count(), 0)
  await page.keyboard.press('/')
  await page.keyboard.type('zebra')
  await page.keyboard.press('Enter')
  await lists(here, 'About a zebra')
  // By the keyboard alone.
  for (let tabs = 0; tabs < 5 && (await page.locator('.too input:focus').count()) === 0; tabs++)
    await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await page.waitForURL(/search=zebra&in=text/)
  await lists(here, 'About a zebra', 'Your code')
  assert.ok(await box.isChecked())
  await page.reload()
  await lists(here, 'About a zebra', 'Your code')
  await here.mail(letter('New', 'Another ZEBRA.'))
  await lists(here, 'New', 'About a zebra', 'Your code')
  await page.getByRole('button', { name: 'Clear' }).click()
  await eventually(() => !/in=|search=/.test(page.url()))
  await page.goto(`${origin}/mail/${bob}?search=482913`)
  await page.getByText('No mail fits').waitFor()
  await page.getByRole('button', { name: 'Search the text too' }).click()
  await lists(here, 'Your code')
  await page.goto(`${origin}/mail/all?subject=stripes&in=text`)
  await lists(here, 'About a zebra')
  assert.deepEqual(here.complaints, [])
})

test('a search goes on by itself and says how far it is; whoever changes or leaves it stops it', async (here) => {
  const { page, origin } = here
  await here.mail(letter('One', 'zebra'))
  const asked: string[] = []
  const gone: string[] = []
  page.on('requestfailed', (request) => gone.push(request.url()))
  const searchedTo = '2026-01-31T08:30:00.250Z'
  const passedOver = { removed: 1, beginnings: 0, unreadable: 1 }
  await page.route('**/api/v1/mailboxes/*/messages?*text=*', async (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor')
    asked.push(cursor ?? '')
    if (cursor === null) return route.fulfill({ json: { items: [], next: 'second', searchedTo, passedOver } })
    // Never answered: it is still being searched.
  })
  await page.goto(`${origin}/mail/${bob}?search=giraffe&in=text`)
  await page.getByText('Looking back before 2026-01-31').waitFor()
  await page.getByText('2 mails could not be searched').waitFor()
  assert.equal(await page.getByText('No mail fits').count(), 0)
  assert.deepEqual(asked, ['', 'second'])
  await page.getByLabel('Search the text too').uncheck()
  await page.getByText('No mail fits').waitFor()
  await eventually(() => gone.some((url) => url.includes('cursor=second')))
  assert.equal(await page.getByText('Looking back').count(), 0)
  await page.getByLabel('Search the text too').check()
  await eventually(() => asked.length === 4)
  await page.goto(`${origin}/sessions`)
  await eventually(() => gone.filter((url) => url.includes('cursor=second')).length === 2)
})

test('what was found by reading mail is deleted where it is shown, and nothing else', async (here) => {
  const { page, origin } = here
  for (const at of [1, 2]) await here.mail(letter(`Zebra ${at}`, 'x'))
  await page.route('**/api/v1/mailboxes/*/messages?*', async (route) => {
    const answer = await route.fetch()
    const json = await answer.json()
    const isFirst = !route.request().url().includes('cursor=')
    return isFirst ? route.fulfill({ json: { ...json, next: 'more' } }) : route.abort()
  })
  await page.goto(`${origin}/mail/${bob}?search=zebra`)
  await page.getByLabel('Choose all').check()
  await page.getByRole('button', { name: 'Delete all that fit' }).waitFor()
  await page.getByLabel('Search the text too').check()
  await page.waitForURL(/in=text/)
  await page.getByRole('button', { name: 'Delete 2' }).waitFor()
  await eventually(
    async () => (await page.getByRole('button', { name: 'Delete all that fit' }).count()) === 0,
  )
})
