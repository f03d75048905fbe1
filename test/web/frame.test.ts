/** The frame of the page: where one can go, on every screen, and by an id alone. */
import assert from 'node:assert/strict'
import { test as plainTest } from 'node:test'
import { idIn } from '../../src/web/frame/id-in.ts'
import { house, pageTests } from './browser.ts'
import { hello } from './mails.ts'

const test = pageTests()

plainTest('an id is found in what somebody copied', () => {
  const id = '01m84d7h210000wspj3x'
  for (const text of [
    id,
    ` [${id}] `,
    `Our id: ${id}`,
    `01M84D7H210000WSPJ3X`,
    `http://127.0.0.1:8025/sessions/${id}?step=3`,
    `250 2.0.0 Accepted as ${id}`,
  ])
    assert.equal(idIn(text), id, text)
  assert.equal(idIn('[01m84d7…]'), '01m84d7')
  assert.equal(idIn('…pj3x'), 'pj3x')
  for (const nothing of ['', '…', 'abc', '[12]', 'a'.repeat(2_000)]) assert.equal(idIn(nothing), '', nothing)
})

test('an id leads to its session, its mail or its delivery; one cut short to those it may be', async (here) => {
  const { page, origin, mail, server } = here
  await mail(hello, { to: ['a@deferred.test'] })
  const accepted = await server.until((events) => events.find(({ type }) => type === 'MessageAccepted'))
  const message = String(accepted.data.message)
  const queued = await server.until((events) => events.find(({ stream }) => stream.startsWith('delivery-')))
  const [session, delivery] = [accepted.stream, queued.stream].map((stream) => stream.split('-')[1]!)
  await page.goto(`${origin}/health`)
  await page.locator('main h1').first().waitFor()
  const dialog = page.getByRole('dialog', { name: 'Go to an id' })
  const ask = async (typed: string): Promise<void> => {
    await dialog.getByRole('textbox').fill(typed)
    await page.keyboard.press('Enter')
  }
  const places = [
    [`[${message}]`, `/mail/all/${message}`],
    [session!.toUpperCase(), `/sessions/${session}`],
    [delivery!.slice(-7), `/deliveries/${delivery}`],
  ] as const
  for (const [typed, path] of places) {
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await ask(typed)
    await page.waitForURL(`**${path}`)
    await dialog.waitFor({ state: 'detached' })
  }
  await page.getByRole('button', { name: 'Go to an id' }).click()
  await ask('zzzzzz')
  await dialog.getByText('No session, mail or delivery has an id').waitFor()
  await ask('abc')
  await dialog.getByRole('alert').waitFor()
  await ask(`${message.slice(0, 4)}…`)
  await dialog.getByRole('link', { name: session! }).waitFor()
  await dialog.getByRole('link', { name: message }).click()
  await page.waitForURL(`**/mail/all/${message}`)
  assert.deepEqual(here.complaints, [])
})

test('an address that is none is answered with a page that says so', async ({ page, origin }) => {
  assert.equal((await page.goto(`${origin}/nonsense/of/it`))?.status(), 404)
  await page.getByText('There is no such page').waitFor()
  await page.getByRole('link', { name: 'Sessions' }).click()
  await page.getByRole('heading', { name: 'Sessions' }).waitFor()
})

test('on a small screen the pages have names, and it is seen whether what is shown is live', async (here) => {
  const { page, origin } = here
  await page.setViewportSize({ width: 375, height: 800 })
  await page.goto(`${origin}/mail`)
  await page.locator('.line.open').waitFor()
  for (const word of ['Mail', 'Sessions', 'Deliveries', 'Machines', 'Log', 'Health', 'Replay']) {
    const spot = (await page.locator('nav li span', { hasText: word }).first().boundingBox())!
    assert.ok(spot.x >= 0 && spot.x + spot.width <= 375, `${word} at ${spot.x}`)
  }
  const live = (await page.locator('.line.open').boundingBox())!
  assert.ok(live.x + live.width <= 375 && live.y + live.height < 60, JSON.stringify(live))
})

test('titles of filters stand on one line, and their hints are seen whole', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  await page.setViewportSize({ width: 1280, height: 800 })
  for (const path of ['/mail/bob@example.org', '/mail/all', '/sessions', '/deliveries', '/log']) {
    await page.goto(`${origin}${path}`)
    await page.locator('.filters label').first().waitFor()
    const more = page.getByRole('button', { name: 'More filters' })
    if ((await more.count()) > 0) await more.click()
    const faults = await page.evaluate(`(() => {
      const labels = [...document.querySelectorAll('.filters label')]
      const brush = document.createElement('canvas').getContext('2d')
      const cut = labels.flatMap((label) => {
        const field = label.querySelector('input')
        if (field === null) return []
        const style = getComputedStyle(field)
        brush.font = style.font
        const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
        const wide = brush.measureText(field.placeholder).width
        return wide > room ? [field.placeholder + ': ' + wide + ' in ' + room] : []
      })
      const rows = Map.groupBy(labels, (label) => label.getBoundingClientRect().bottom)
      const uneven = [...rows.values()].filter(
        (row) => new Set(row.map((label) => label.querySelector('span').getBoundingClientRect().top)).size > 1,
      )
      return [...cut, ...uneven.map((row) => row.map((label) => label.textContent).join(' | '))]
    })()`)
    assert.deepEqual(faults, [], path)
  }
})

test('what a dialog dims, it dims to the edge of the screen', async ({ page, origin }) => {
  await page.goto(`${origin}/mail`)
  await page.locator('main h1').first().waitFor()
  const ground = (): Promise<string> =>
    page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
  assert.equal(await ground(), 'rgba(0, 0, 0, 0)')
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  assert.notEqual(await ground(), 'rgba(0, 0, 0, 0)')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal(await ground(), 'rgba(0, 0, 0, 0)')
})

pageTests(house)('what the button of the login says stands in its middle', async (here) => {
  const { page, origin } = here
  await page.goto(`${origin}/mail`)
  const button = page.getByRole('button', { name: 'Log in' })
  await button.waitFor()
  const [left, right] = (await page.evaluate(`(() => {
    const one = document.querySelector('.login button')
    const range = document.createRange()
    range.selectNodeContents(one)
    const [inside, outside] = [range.getBoundingClientRect(), one.getBoundingClientRect()]
    return [inside.left - outside.left, outside.right - inside.right]
  })()`)) as [number, number]
  assert.ok(Math.abs(left - right) < 2, `${left}, ${right}`)
})

test('a page whose files are gone, since the server was replaced, says so and is loaded again', async (here) => {
  const { page, origin } = here
  const files = '**/assets/sessions-*.js'
  await page.goto(`${origin}/mail`)
  await page.getByText('No mail yet').waitFor()
  await page.route(files, (route) => route.fulfill({ status: 404, json: { status: 404 } }))
  await page.getByRole('link', { name: 'Sessions' }).click()
  await page.getByText('This page could not be loaded').waitFor()
  await page.unroute(files)
  await page.getByRole('button', { name: 'Load it again' }).click()
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor()
})

test('what could not be asked, since the server was away, is asked again by itself when it is back', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  await page.goto(`${origin}/mail/bob@example.org`)
  const row = page.locator('.mails .rows a').first()
  await row.waitFor()
  const asked = /\/api\/v1\/messages\//
  await page.route(asked, (route) => route.abort())
  await row.click()
  const fault = page.locator('.pane .problem p')
  await fault.waitFor()
  assert.equal(await fault.textContent(), 'That did not work: the server cannot be reached; is it running?')
  await page.unroute(asked)
  await page.locator('.pane .letter h2').waitFor()
  await fault.waitFor({ state: 'detached' })
})
