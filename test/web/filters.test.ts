/** Filters of lists: what somebody types or chooses is what is asked for, however soon they do it. */
import assert from 'node:assert/strict'
import { test as plainTest } from 'node:test'
import { askedTime, shownTime } from '../../src/web/pieces/local-time.ts'
import { pageTests, refused } from './browser.ts'
import { hello } from './mails.ts'

const test = pageTests()

/** In the browser: a field as soon as it is there, before anything else has its turn; and as typing fills it. */
const hands = `
  const moment = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
  const fieldOf = async (name) => {
    for (let turn = 0; turn < 1000; turn += 1) {
      const field = document.querySelector('[data-field=' + name + ']')
      if (field !== null) return field
      await null
    }
    throw new Error('there is no field ' + name)
  }
  const type = (field, text) => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
  const done = (field) => field.dispatchEvent(new Event('change', { bubbles: true }))
`

test('what is typed into a field the moment it appears stays there, and is asked for', async (here) => {
  const { page, origin } = here
  await refused(here)
  await page.goto(`${origin}/sessions`)
  await page.locator('table.list tbody tr').waitFor()
  const kept = await page.evaluate<string>(`(async () => {
    ${hands}
    const more = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'More filters')
    more.click()
    const field = await fieldOf('helo')
    type(field, 'nobody.example')
    // Whatever had still to be done after the field was drawn is done.
    await moment(200)
    done(field)
    return field.value
  })()`)
  assert.equal(kept, 'nobody.example')
  await page.waitForURL(/helo=nobody\.example/)
  await page.getByText('No session fits').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('who goes on typing while the list is asked for loses nothing; a filter that is cleared leaves nothing', async (here) => {
  const { page, origin } = here
  await refused(here)
  await page.goto(`${origin}/sessions`)
  await page.locator('table.list tbody tr').waitFor()
  const kept = await page.evaluate<string>(`(async () => {
    ${hands}
    const field = await fieldOf('sender')
    type(field, 'nobody ')
    await moment(200)
    done(field)
    for (let turn = 0; turn < 1000 && field.value !== 'nobody'; turn += 1) await null
    type(field, 'nobody@')
    await moment(200)
    return field.value
  })()`)
  assert.equal(kept, 'nobody@')
  await page.waitForURL(/sender=nobody$/)
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.locator('table.list tbody tr').waitFor()
  assert.equal(await page.locator('[data-field=sender]').inputValue(), '')
})

test('a field that is filled and left at once, as programs fill it, is asked for', async (here) => {
  const { page, origin } = here
  await refused(here)
  await page.goto(`${origin}/sessions?sender=nobody`)
  await page.getByText('No session fits').waitFor()
  await page.evaluate(`(async () => {
    ${hands}
    const field = await fieldOf('sender')
    type(field, '*@example.net')
    done(field)
  })()`)
  await page.waitForURL(/sender=\*%40example\.net/)
  await page.locator('table.list tbody tr').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('the cross of a field takes its filter away, and so does Escape', async (here) => {
  const { page, origin } = here
  await refused(here)
  const field = page.locator('[data-field=sender]')
  const byCross = async (): Promise<void> => {
    const { x, y, width, height } = (await field.boundingBox())!
    await field.click()
    await page.mouse.click(x + width - 14, y + height / 2)
  }
  for (const clear of [byCross, () => field.press('Escape')]) {
    await page.goto(`${origin}/sessions?sender=nobody`)
    await page.getByText('No session fits').waitFor()
    await clear()
    await page.waitForURL(/sessions$/)
    await page.locator('table.list tbody tr').waitFor()
  }
})

test('what the fields for times give as examples is understood', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  const lists = [
    ['/mail/bob@example.org', 'mailboxes/bob@example.org/messages'],
    ['/mail/all', 'messages'],
    ['/sessions', 'sessions'],
    ['/deliveries', 'deliveries'],
  ] as const
  for (const [path, list] of lists) {
    await page.goto(`${origin}${path}`)
    await page.getByRole('button', { name: 'More filters' }).click()
    for (const name of ['since', 'until']) {
      const hint = (await page.locator(`[data-field=${name}]`).getAttribute('placeholder')) ?? ''
      assert.notEqual(hint, '')
      for (const example of hint.split(', ')) {
        const { status } = await fetch(
          `${origin}/api/v1/${list}?${new URLSearchParams({ [name]: askedTime(name, example) })}`,
        )
        assert.equal(status, 200, `${path} ${name} ${example}`)
      }
    }
  }
})

plainTest('a time is typed by the clock of who types it, and stands in the address with its zone', () => {
  const now = new Date(2026, 9, 25, 12, 0)
  const iso = (...time: readonly [number, number, number, ...number[]]): string =>
    new Date(...(time as [number, number, number])).toISOString()
  const times: readonly (readonly [name: string, typed: string, asked: string, shown?: string])[] = [
    ['since', '18:00', iso(2026, 9, 25, 18, 0), '2026-10-25 18:00'],
    ['until', '9:05', iso(2026, 9, 25, 9, 5), '2026-10-25 09:05'],
    ['since', '2026-01-31', iso(2026, 0, 31)],
    // A day whose clocks go back, or not.
    ['until', '2026-10-25', iso(2026, 9, 25, 23, 59, 59, 999)],
    ['until', '2026-01-31 08:30:05.25', iso(2026, 0, 31, 8, 30, 5, 250), '2026-01-31 08:30:05.250'],
    ['since', '2026-01-31T08:30', iso(2026, 0, 31, 8, 30), '2026-01-31 08:30'],
    // What is clear, or no time at all, is left to the API.
    ...['2h', '2026-02-31', '25:00', 'soon', ''].map((text) => ['since', text, text] as const),
    ['sender', '2026-01-31', '2026-01-31'],
  ]
  for (const [name, typed, asked, shown = typed] of times) {
    assert.equal(askedTime(name, typed, now), asked, `${name} ${typed}`)
    if (asked !== typed || name !== 'since') assert.equal(shownTime(name, asked), shown, `${name} ${typed}`)
  }
  const zoned = '2026-01-31T08:30:00+01:00'
  assert.equal(askedTime('since', zoned), zoned)
  assert.equal(shownTime('since', zoned), shownTime('since', '2026-01-31T07:30'))
  // Without a zone an address means UTC; what is shown of it means the same.
  assert.equal(askedTime('until', shownTime('until', '2026-01-31')), '2026-01-31T23:59:59.999Z')
})

test('while a filter is typed it says that Enter asks for it; a time is asked for by the clock of the browser', async (here) => {
  const { origin, page: first } = here
  const context = await first.context().browser()!.newContext({ timezoneId: 'Asia/Kolkata' })
  const page = await context.newPage()
  try {
    await page.goto(`${origin}/sessions`)
    await page.getByRole('button', { name: 'More filters' }).click()
    const since = page.locator('[data-field=since]')
    const typed = page.locator('.filters label.typed')
    await since.fill('2026-01-31 18:00')
    await typed.waitFor()
    await since.press('Enter')
    await page.waitForURL((url) => url.searchParams.get('since') === '2026-01-31T12:30:00.000Z')
    await typed.waitFor({ state: 'detached' })
    assert.equal(await since.inputValue(), '2026-01-31 18:00')
    await page.reload()
    assert.equal(await since.inputValue(), '2026-01-31 18:00')
  } finally {
    await context.close()
  }
})
