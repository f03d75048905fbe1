/** What fits few of a great many is found look after look, and told as one page. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { looksFor, pageOf } from '../../../src/http/api/lists.ts'
import { atTheTop, type Place } from '../../../src/views/answers/pages.ts'
import type { Page, TextPage } from '../../../src/views/desk/index.ts'

const nobody = async (): Promise<never> => {
  throw new Error('asked of nobody here')
}
const placeAt = (at: number): Place => ({ at, id: `id${at}` })
const textOf = (items: readonly number[], where: Partial<TextPage>): TextPage => ({
  ...{ items: JSON.stringify(items), count: items.length, end: null, searched: null },
  ...where,
})
/** A look that found some and came to a place. */
const until = (at: number, ...items: number[]): TextPage =>
  textOf(items, { end: placeAt(at), searched: placeAt(at) })

/** Each look takes so many milliseconds. */
const asked = async (t: TestContext, looks: readonly TextPage[], limit: number, each = 0) => {
  let time = 0
  t.mock.method(performance, 'now', () => time)
  const wanted: Page[] = []
  const desks: unknown[] = []
  const rooms = { until: async () => {}, desk: nobody, far: async (): Promise<never> => nobody() }
  const answer = await pageOf(
    'messages',
    { limit },
    {
      rooms,
      ask: async (desk, page) => {
        wanted.push(page)
        desks.push(desk)
        time += each
        return looks[wanted.length - 1]!
      },
    },
  )
  // Only the first look is made where others wait for theirs.
  assert.deepEqual(
    desks,
    desks.map((_, place) => (place === 0 ? rooms.desk : rooms.far)),
  )
  const { items, next, searchedTo } = JSON.parse(answer.text) as Record<string, unknown>
  return { items, next, searchedTo, wanted }
}

test('a page is filled by several looks, each of which goes on where the one before ended', async (t) => {
  const looks = [until(90, 1), until(80), until(70, 2, 3), textOf([4], {})]
  const { items, next, searchedTo, wanted } = await asked(t, looks, 10)
  assert.deepEqual(items, [1, 2, 3, 4])
  assert.deepEqual([next, searchedTo], [null, null])
  assert.deepEqual(
    wanted.map(({ limit, before }) => [limit, before.at]),
    [
      [10, atTheTop.at],
      [9, 90],
      [9, 80],
      [7, 70],
    ],
  )
})

test('a page that is full is told, whatever may come behind it', async (t) => {
  const { items, next, wanted } = await asked(t, [until(90, 1), textOf([2, 3], { end: placeAt(40) })], 3)
  assert.deepEqual(items, [1, 2, 3])
  assert.ok(typeof next === 'string')
  assert.equal(wanted.length, 2)
})

test('a page that is full where a look ended goes on there', async (t) => {
  const exactly = await asked(t, [until(90, 1, 2)], 2)
  assert.deepEqual([exactly.items, exactly.searchedTo], [[1, 2], '1970-01-01T00:00:00.090Z'])
  assert.ok(typeof exactly.next === 'string')
})

test('nothing at all is a page, too', async (t) => {
  assert.deepEqual((await asked(t, [until(90), textOf([], {})], 3)).items, [])
})

test('what was found is told sooner than that nothing was', async (t) => {
  const looks = [until(90), until(80), until(70, 1), until(60), until(50)]
  const { items, searchedTo, wanted } = await asked(t, looks, 3, 20)
  assert.deepEqual([items, wanted.length], [[1], 3])
  assert.equal(searchedTo, '1970-01-01T00:00:00.070Z')
})

test('where nothing is found whoever asks waits longer', async (t) => {
  const { wanted: long } = await asked(
    t,
    Array.from({ length: 20 }, () => until(9)),
    3,
    20,
  )
  assert.equal(long.length, 11)
})

test('whoever waits hears after a while how far a search has come that finds nothing', async () => {
  let looked = 0
  const { looks, last } = await looksFor<number, { count: number; searched: number | null }>(
    async ({ before }) => {
      looked++
      await new Promise(setImmediate)
      return { count: 0, searched: before - 1 }
    },
    { limit: 5, before: 0 },
  )
  assert.equal(looks.length, looked)
  assert.equal(last.searched, -looked)
})
