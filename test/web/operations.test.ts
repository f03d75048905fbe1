/** The page for who runs the server: the queue now and then, machines of a period, the log's tail, the views. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as plainTest } from 'node:test'
import { eventually } from '../eventually.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { scratch } from '../scratch.ts'
import { receiver } from '../webhooks/receiver.ts'
import { secret } from '../webhooks/telling.ts'
import { pageTests, shown } from './browser.ts'
import { hello } from './mails.ts'

const test = pageTests()

test('the queue is shown as it stood at a time, clearly as the past, and nothing can be done to it', async (here) => {
  const { page, origin, mail, server } = here
  await mail(hello, { to: ['a@deferred.test'] })
  const { at } = await server.until((events) => events.find(({ type }) => type === 'Deferred'))
  await eventually(() => Date.now() > at)
  await page.goto(`${origin}/deliveries?status=unfinished`)
  await page
    .getByRole('region', { name: 'The queue at a glance' })
    .getByRole('link', { name: 'under 5 min' })
    .waitFor()
  await page.getByRole('link', { name: 'deferred.test', exact: true }).first().waitFor()
  await page.getByRole('button', { name: 'Cancel …' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel 1' }).click()
  // What was done is told, though nothing is left behind it that fits.
  await page.getByText('No delivery fits').waitFor()
  await page.getByRole('dialog').getByText('Done: 1 delivery').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click()
  assert.equal(await page.locator('.acts').count(), 0)
  await page.getByRole('button', { name: 'Time travel' }).click()
  await page.getByLabel('As it was at').waitFor()

  await page.goto(`${origin}/deliveries?asOf=${new Date(at).toISOString()}`)
  await page.getByText('The past:').waitFor()
  await page.locator('tbody .badge', { hasText: 'deferred' }).waitFor()
  await page.locator('.glance a.deferred strong', { hasText: '1' }).waitFor()
  assert.equal(await page.locator('.acts').count(), 0)
  // From there to one of them, and back to the same time.
  await page.locator('tbody a').first().click()
  await page.getByText('The list is of the past.').waitFor()
  await page.locator('h1 .badge', { hasText: 'cancelled' }).waitFor()
  await page.locator('.crumbs a').click()
  await page.waitForURL(/deliveries\?asOf=/)
  await page.locator('tbody .badge', { hasText: 'deferred' }).waitFor()
  await page.locator('.glance a.deferred').click()
  await page.waitForURL(/status=deferred.*asOf=|asOf=.*status=deferred/)
  await page.getByRole('button', { name: '−1 h' }).click()
  await page.getByText('No delivery fits').waitFor()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await page.getByText('The past:').waitFor({ state: 'detached' })
  assert.deepEqual(here.complaints, [])
})

test('a machine is looked at by the keys: a state says what it means, its ways are lit, counts are of a period', async (here) => {
  const { page, origin, mail, server } = here
  await mail(hello, { to: ['a@deferred.test', 'b@bounced.test'] })
  await server.until((events) => events.some(({ type }) => type === 'Deferred'))
  await page.goto(`${origin}/machines/delivery`)
  const note = (state: string) => page.locator(`.chart [data-state=${state}] .note`)
  await note('waiting').getByText('1 now').waitFor()
  await page.getByRole('button', { name: 'Last hour' }).click()
  await page.waitForURL(/period=1h/)
  await page.getByText('counted since').waitFor()
  await note('failed').getByText('1 came').waitFor()
  // Of any other period as well, and pictures are of the same.
  await page.locator('[data-field=until]').fill('1h')
  await page.keyboard.press('Enter')
  await page.waitForURL(/until=1h/)
  await note('failed').getByText('0 came').waitFor()
  await page.getByText('counted until').waitFor()
  assert.equal(await page.locator('.choice [aria-pressed=true]').count(), 0)
  assert.match((await page.getByRole('link', { name: 'svg' }).getAttribute('href')) ?? '', /until=1h/)
  await page.getByRole('button', { name: '24 hours' }).click()
  await page.waitForURL(/machines\/delivery\?period=24h$/)
  await note('failed').getByText('1 came').waitFor()
  const sending = page.locator('.chart [data-state=sending]')
  await sending.focus()
  await page.locator('.caption', { hasText: 'Envelope and content are on their way' }).waitFor()
  await page.locator('.caption li', { hasText: /ATTEMPT_ENDED.*waiting.*1 time, after/ }).waitFor()
  assert.equal(await page.locator('.chart .state.near').count(), 9)
  assert.equal(await page.locator('.chart [data-state=arising].far').count(), 1)
  await page.keyboard.press('Tab')
  await page.locator('.caption', { hasText: 'Tried, and to be tried again' }).waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await page.locator('tr.chosen', { hasText: 'sending' }).waitFor()
  assert.equal(await sending.getAttribute('aria-pressed'), 'true')
  await page.locator('.chart [data-state=held]').hover()
  await page.locator('.caption', { hasText: 'Somebody stopped it' }).waitFor()
  // What happens while one looks is counted.
  await mail(hello, { to: ['c@deferred.test'] })
  await note('waiting').getByText('2 now').waitFor()
  assert.deepEqual(here.complaints, [])
})

test('the tail of the log begins with the newest that fit, and goes on with what comes', async (here) => {
  const { page, origin, mail } = here
  await mail(hello)
  await page.goto(`${origin}/log`)
  await page.locator('[data-field=type]').fill('MessageAccepted')
  await page.keyboard.press('Enter')
  await page.waitForURL(/type=MessageAccepted/)
  await page.locator('.tail li').first().waitFor()
  await page.locator('.line.open').waitFor()
  await mail(hello)
  await page.locator('.tail li').nth(1).waitFor()
  const positions = await page.locator('.tail li > button').allTextContents()
  assert.ok(Number(positions[0]) > Number(positions[1]), positions.join())
  await page.getByRole('button', { name: 'Pause' }).click()
  await mail(hello)
  assert.equal(await page.locator('.tail li').count(), 2)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.locator('.tail li').nth(2).waitFor()
  await page.locator('.tail .stream a').first().click()
  await page.locator('.step .what', { hasText: 'accepted and stored' }).waitFor()
  await page.getByText('Raw event').click()
  await page.locator('.step pre.raw', { hasText: '"position"' }).waitFor()
  await page.getByRole('button', { name: 'Copy the link to this step' }).waitFor()
  assert.deepEqual(here.complaints, [])
})

plainTest('health says how webhooks are: which receiver takes nothing, since when, and why', async (t) => {
  const to = await receiver(t)
  to.says(503)
  const secretFile = join(scratch('hook'), 'hook.key')
  writeFileSync(secretFile, secret)
  const here = await shown(t, { webhooks: [{ url: to.url, events: ['MessageAccepted'], secretFile }] })
  if (here === null) return
  const { page, origin, mail } = here
  await page.goto(`${origin}/health`)
  const row = page.getByRole('region', { name: 'Webhooks' }).getByRole('row').nth(1)
  await row.getByText('telling').waitFor()
  await mail(hello)
  await row.getByText('waiting').waitFor()
  await row.getByText('answered 503').waitFor()
  await row.getByText(/in a row/).waitFor()
  to.says(410)
  await row.getByRole('button', { name: 'Try now' }).click()
  await row.getByText('disabled').waitFor()
  await row.getByText(/answered 410 at .* to event \d+/).waitFor()
  to.says(204)
  await row.getByRole('button', { name: 'Enable' }).click()
  await row.getByText('telling').waitFor()
  await row.getByRole('button', { name: 'Tell again' }).click()
  const dialog = page.getByRole('dialog', { name: 'Tell it again' })
  await dialog.getByLabel('After position').fill('0')
  await dialog.getByRole('button', { name: 'Tell it again' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await eventually(() => to.taken.length === 2)
  await page.locator('.policies summary').first().click()
  await page.locator('.policies pre', { hasText: '{' }).first().waitFor()
  assert.deepEqual(here.complaints, [])
})

test('the queue says which destination rests, and until when', async (here) => {
  const { page, origin, server } = here
  const [nextHop, start] = ['rests.example', Date.now() + 3_600_000]
  const life = 'queue start fault(timeout) start fault(timeout) start fault(timeout)'
  await tellDelivery(server.running.log, nextHop, life, { nextHop, start })
  await page.goto(`${origin}/deliveries`)
  const summary = page.locator('summary', { hasText: 'Destinations' })
  await summary.getByText('1 rests').waitFor()
  await summary.click()
  const row = page.getByRole('row', { name: /rests\.example/ }).first()
  await row.getByText('resting', { exact: true }).waitFor()
  await row.getByText(/tried again in/).waitFor()
  assert.deepEqual(here.complaints, [])
})
