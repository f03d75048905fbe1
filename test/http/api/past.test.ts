/** The queue, and deliveries, as they stood at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fsmtp, objects } from '../../server.ts'
import { type Api, apiServer, detailOf, eventually, type Json } from './asking.ts'

const byId = (items: readonly Json[]): readonly Json[] =>
  items.toSorted((one, other) => (String(one.id) < String(other.id) ? -1 : 1))

/** What is deferred is not tried again while the test lasts. */
const patient = { delivery: { retry: ['1h'] } }

const statuses = async (api: Api, asOf?: string): Promise<Json> => {
  const { items } = await api.get(asOf === undefined ? '/queue' : `/queue?asOf=${asOf}`)
  const counts = (items as readonly Json[]).map(({ status, count }) => [status, count])
  return Object.fromEntries(counts.filter(([, count]) => count !== 0))
}

/** The time of what was recorded last; what comes next is later. */
const now = async (api: Api): Promise<string> => {
  const events = await api.items('/events?limit=500')
  const at = events.map((event) => String(event.at)).toSorted()
  await eventually(() => new Date().toISOString() > at.at(-1)!)
  await api.settled()
  return at.at(-1)!
}

const settledAs = async (api: Api, status: string, count: number): Promise<void> => {
  await eventually(async () => (await api.items(`/deliveries?status=${status}`)).length === count)
}

test('the queue and deliveries are told as they stood at a time, as the command tells them', async (t) => {
  const api = await apiServer(t, patient)
  const before = new Date(Date.now() - 60_000).toISOString()
  await api.mail('Subject: One\r\n\r\nHi.', { to: ['a@deferred.test'] })
  await api.mail('Subject: Two\r\n\r\nHi.', { to: ['b@deferred.test', 'c@bounced.test'] })
  await settledAs(api, 'deferred', 2)
  await settledAs(api, 'failed', 1)
  const deferred = await now(api)
  const [one, two] = (await api.items('/deliveries?status=deferred')).map(({ id }) => String(id))
  await api.ask(`/deliveries/${one}/hold`, { method: 'POST' })
  const held = await now(api)
  await api.ask('/deliveries/actions', {
    ...{ method: 'POST', body: { action: 'cancel', filter: { status: 'unfinished' } } },
  })
  await settledAs(api, 'cancelled', 2)
  await api.settled()

  assert.deepEqual(await statuses(api), {})
  assert.deepEqual(await statuses(api, before), {})
  assert.deepEqual(await statuses(api, deferred), { deferred: 2 })
  assert.deepEqual(await statuses(api, held), { deferred: 1, held: 1 })
  const glance = await api.get(`/queue?asOf=${held}`)
  assert.equal(glance.asOf, held)
  assert.deepEqual(
    (glance.domains as readonly Json[]).map(({ domain, count }) => ({ domain, count })),
    [{ domain: 'deferred.test', count: 2 }],
  )
  assert.equal((glance.ages as readonly Json[])[0]?.count, 2)

  const ids = async (query: string) => (await api.items(`/deliveries?${query}`)).map(({ id }) => id)
  assert.deepEqual(await ids(`asOf=${held}&status=held`), [one])
  assert.deepEqual(await ids(`asOf=${held}&status=unfinished`), [one, two])
  assert.deepEqual(await ids(`asOf=${deferred}&status=cancelled`), [])
  assert.deepEqual(await ids(`asOf=${held}&recipient=a@deferred.test&status=cancelled`), [])
  assert.deepEqual(await ids(`asOf=${before}`), [])
  const { data } = api.server
  for (const asOf of [deferred, held, '1s'])
    for (const filter of [[], ['--status', 'failed'], ['--status', 'deferred'], ['--domain', '*.test']]) {
      const found = await fsmtp(data, ['deliveries', '--as-of', asOf, ...filter, '--json', '--data', data])
      assert.equal(found.code, 0, found.stderr)
      const [name, value] = filter
      const query = name === undefined ? '' : `&${name.slice(2)}=${value}`
      const items = await api.items(`/deliveries?asOf=${asOf}${query}`)
      assert.deepEqual(byId(items), byId(objects(found)), `${asOf} ${filter}`)
    }
  assert.match(
    detailOf(
      await api.ask('/deliveries/actions', {
        method: 'POST',
        body: { action: 'retry', filter: { asOf: held } },
      }),
    ),
    /asOf/,
  )
})

test('pages of the past, and pages of the last hours, hang together', async (t) => {
  const api = await apiServer(t, patient)
  for (const user of ['a', 'b', 'c'])
    await api.mail('Subject: x\r\n\r\nHi.', { to: [`${user}@deferred.test`] })
  await settledAs(api, 'deferred', 3)
  const asOf = await now(api)
  await api.mail('Subject: x\r\n\r\nHi.', { to: ['later@deferred.test'] })
  await settledAs(api, 'deferred', 4)
  const walked = async (query: string): Promise<readonly string[]> => {
    const found: string[] = []
    for (let next: unknown = ''; next !== null; ) {
      const page = await api.get(`/deliveries?${query}&limit=1${next === '' ? '' : `&cursor=${next}`}`)
      for (const { recipients } of page.items as readonly Json[])
        found.push(String((recipients as readonly Json[])[0]?.address).split('@')[0]!)
      next = page.next
    }
    return found
  }
  assert.deepEqual(await walked(`asOf=${asOf}`), ['c', 'b', 'a'])
  assert.deepEqual(await walked(`asOf=${asOf}&status=deferred`), ['c', 'b', 'a'])
  assert.deepEqual(await walked('since=1h&status=unfinished'), ['later', 'c', 'b', 'a'])
  assert.deepEqual(await walked('asOf=0s'), ['later', 'c', 'b', 'a'])
})
