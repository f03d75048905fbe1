/** Filters of lists: what somebody types or chooses is what is asked for, however soon they do it. */
import assert from 'node:assert/strict'
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
        const { status } = await fetch(`${origin}/api/v1/${list}?${new URLSearchParams({ [name]: example })}`)
        assert.equal(status, 200, `${path} ${name} ${example}`)
      }
    }
  }
})
