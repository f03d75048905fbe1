/** A search among a great many: the server answers it bit by bit, and the page goes on by itself until something is found, or all was seen. */
import assert from 'node:assert/strict'
import { pageTests, refused } from './browser.ts'

const test = pageTests()

test('a search goes on until it comes to its end, and nothing is said to be missing before that', async (here) => {
  const { page, origin } = here
  await refused(here)
  const asked: (string | null)[] = []
  const held = Promise.withResolvers<void>()
  const searchedTo = '2026-01-31T08:30:00.250Z'
  await page.route('**/api/v1/sessions?*helo=*', async (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor')
    asked.push(cursor)
    const next = cursor === null ? 'second' : cursor === 'second' ? 'third' : null
    if (next !== null) return route.fulfill({ json: { items: [], next, searchedTo } })
    await held.promise
    return route.fulfill({ json: { items: [], next: null, searchedTo: null } })
  })
  await page.goto(`${origin}/sessions?helo=nobody.example`)
  await page.getByText('Looking back before 2026-01-31').waitFor()
  assert.equal(await page.getByText('No session fits').count(), 0)
  held.resolve()
  await page.getByText('No session fits').waitFor()
  assert.deepEqual(
    asked.filter((cursor) => cursor !== null),
    ['second', 'third'],
  )
})

test('the log is looked through from its end for what seldom happens, which is shown once it is found', async (here) => {
  const { page, origin } = here
  await refused(here)
  const asked: (string | null)[] = []
  const held = Promise.withResolvers<void>()
  const searchedTo = '2026-01-31T08:30:00.250Z'
  await page.route('**/api/v1/events?*type=RecipientRefused*', async (route) => {
    const url = new URL(route.request().url())
    const before = url.searchParams.get('before')
    asked.push(before)
    assert.equal(url.searchParams.get('order'), 'newest')
    if (before === null) return route.fulfill({ json: { items: [], next: 9_000_000, searchedTo } })
    if (before === '9000000') return route.fulfill({ json: { items: [], next: 8_000_000, searchedTo } })
    await held.promise
    // The server looks on from there.
    return route.continue()
  })
  await page.goto(`${origin}/log?type=RecipientRefused`)
  await page.getByText('Looking back before 2026-01-31').waitFor()
  assert.equal(await page.getByText('No such fact yet').count(), 0)
  held.resolve()
  await page.locator('.tail li strong', { hasText: 'RecipientRefused' }).waitFor()
  assert.equal(await page.getByText('Looking back').count(), 0)
  assert.deepEqual(
    asked.filter((before) => before !== null),
    ['9000000', '8000000'],
  )
  await page.goto(`${origin}/log?type=Expired`)
  await page.getByText('No such fact yet').waitFor()
})

test('a search that failed on its way goes on where it was when it is tried again', async (here) => {
  const { page, origin } = here
  await refused(here)
  const asked: (string | null)[] = []
  let isDown = true
  await page.route('**/api/v1/sessions?*helo=*', async (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor')
    asked.push(cursor)
    const searchedTo = '2026-01-31T08:30:00.250Z'
    if (cursor === null) return route.fulfill({ json: { items: [], next: 'second', searchedTo } })
    if (isDown) return route.fulfill({ status: 503, json: { detail: 'the views are being built' } })
    return route.fulfill({ json: { items: [], next: null, searchedTo: null } })
  })
  await page.goto(`${origin}/sessions?helo=nobody.example`)
  await page.getByText('the views are being built').waitFor()
  isDown = false
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('No session fits').waitFor()
  assert.equal(asked.at(-1), 'second')
})

test('a next page that was overtaken, because the list begins anew meanwhile, leaves no gap', async (here) => {
  const { page, origin } = here
  await refused(here)
  const isAsked = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  let turn = 0
  await page.route(/\/api\/v1\/sessions(\?|$)/, async (route) => {
    const url = new URL(route.request().url())
    const cursor = url.searchParams.get('cursor')
    const { items } = (await (await fetch(`${origin}/api/v1/sessions`)).json()) as { items: object[] }
    const give = (id: string, next: string | null) =>
      route.fulfill({ json: { items: [{ ...items[0], id }], next, searchedTo: null } })
    if (cursor === 'behind-new') return give('new2', null)
    if (cursor === null) {
      turn += 1
      return turn === 1 ? give('old1', 'behind-old') : give('new1', 'behind-new')
    }
    isAsked.resolve()
    await held.promise
    return give('old2', null)
  })
  const row = (id: string) => page.locator(`tbody a[href="/sessions/${id}"]`)
  await page.goto(`${origin}/sessions`)
  await row('old1').waitFor()
  await isAsked.promise
  await page.locator('.line.open').waitFor()
  await refused(here)
  await row('new1').waitFor()
  const answered = page.waitForResponse(/behind-old/)
  held.resolve()
  await answered
  await page.getByRole('button', { name: 'Show more' }).click()
  await row('new2').waitFor()
  assert.equal(await row('old2').count(), 0)
})
