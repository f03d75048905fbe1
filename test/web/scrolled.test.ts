/** Long lists stay where somebody has scrolled them to: while one after the other is looked at, and for who comes back. */
import assert from 'node:assert/strict'
import { eventually } from '../eventually.ts'
import { pageTests, type Shown } from './browser.ts'
import { hello } from './mails.ts'

const test = pageTests()

const many = 70
const open = async (here: Shown): Promise<void> => {
  for (let at = 1; at <= many; at += 1)
    await here.mail(hello.replace('Notes on the engine', `Note ${at} on the engine`))
  await here.page.goto(`${here.origin}/mail/bob@example.org`)
  await here.page.locator('.mails .rows li').first().waitFor()
  await until(here, `document.querySelectorAll('.mails .rows li').length >= 50`)
}
const until = ({ page }: Shown, is: string) => eventually(() => page.evaluate<boolean>(is))
const top = ({ page }: Shown): Promise<number> => page.evaluate<number>('Math.round(window.scrollY)')
const scrollTo = async (here: Shown, to: number): Promise<void> => {
  await here.page.evaluate(`window.scrollTo(0, ${to})`)
  await until(here, `Math.abs(window.scrollY - ${to}) < 2`)
}
const row = ({ page }: Shown, at: number) => page.locator('.mails .rows li > a').nth(at)
const isSeen = (here: Shown): Promise<boolean> =>
  here.page.evaluate<boolean>(`(() => {
    const { top, bottom } = document.querySelector('.mails .rows a[aria-current]').getBoundingClientRect()
    return top >= 0 && bottom <= innerHeight
  })()`)

test('a mail further down is opened beside a list that stays where it is, and the row of the next one is seen', async (here) => {
  const { page } = here
  await open(here)
  await scrollTo(here, 900)
  await row(here, 20).click()
  await page.locator('.message .tabs').waitFor()
  assert.equal(await top(here), 900)
  const seen = page.url()
  for (let turn = 0; turn < 15; turn += 1) {
    const before = page.url()
    await page.keyboard.press('j')
    await page.waitForURL((url) => url.href !== before)
  }
  assert.notEqual(page.url(), seen)
  await eventually(() => isSeen(here))
  assert.ok((await top(here)) > 900)
  await page.keyboard.press('u')
  await page.locator('.pane .hint').waitFor()
  assert.ok((await top(here)) > 900)
  await page.goBack()
  await page.goBack()
  await page.locator('.pane .hint').waitFor()
  await until(here, 'Math.abs(window.scrollY - 900) < 2')
  assert.deepEqual(here.complaints, [])
})

test('where there is room for one of them alone, a mail begins at its top, and the list is come back to', async (here) => {
  const { page } = here
  await page.setViewportSize({ width: 500, height: 800 })
  await open(here)
  for (const back of [() => page.getByRole('link', { name: 'Back' }).click(), () => page.goBack()]) {
    await scrollTo(here, 1200)
    await row(here, 22).click()
    await page.locator('.message .tabs').waitFor()
    assert.equal(await top(here), 0)
    await back()
    await until(here, 'Math.abs(window.scrollY - 1200) < 2')
  }
})

test('who comes back to a list that has to be asked for again finds the place, also after a reload', async (here) => {
  const { page, origin } = here
  await open(here)
  await page.goto(`${origin}/sessions`)
  await page.locator('table.list tbody tr').first().waitFor()
  await scrollTo(here, 900)
  await page.locator('table.list tbody tr a').nth(30).click()
  await page.locator('.scrubber').waitFor()
  assert.equal(await top(here), 0)
  await page.reload()
  await page.locator('.scrubber').waitFor()
  await page.goBack()
  await until(here, 'Math.abs(window.scrollY - 900) < 2')
  assert.deepEqual(here.complaints, [])
})
