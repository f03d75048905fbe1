/**
 * Lists asked of the Web API at a steady pace: `node bench/api-load.ts PORT KEY RATE SECONDS`, in a process of its own. Each request goes out
 * at its time, whether or not those before it were answered. Prints milliseconds from request to whole answer: of all, and by what was asked.
 *
 * The client shares the processors with the server, and its own waiting to be scheduled is inside the figure: it is an upper bound.
 */
import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const [, , port = '', key = '', rate = '200', seconds = '10'] = process.argv
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const headers = { authorization: `Bearer ${key}` }

const ask = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: `/api/v1${path}`, agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (more: string) => {
        text += more
      })
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      )
      response.on('error', reject)
    }).on('error', reject)
  })

/** What each list may be asked for; of each, the page behind as well. */
const lists: Readonly<Record<string, readonly string[]>> = {
  messages: ['', 'sender=a7%40bench.example', 'since=2d', 'until=2d'],
  sessions: ['', 'outcome=refused', 'user=a7%40bench.example', 'since=2d'],
  deliveries: ['', 'status=deferred', 'domain=d7.example', 'status=held', 'since=2d'],
  'mailboxes/box%40bench.example/messages': [''],
}
const firsts = Object.entries(lists).flatMap(([list, filters]) =>
  filters.map((filter) => `/${list}?limit=50${filter === '' ? '' : `&${filter}`}`),
)
const behind = async (path: string): Promise<string[]> => {
  const { next } = JSON.parse(await ask(path)) as { next: string | null }
  return next === null ? [] : [`${path}&cursor=${encodeURIComponent(next)}`]
}
const asked = [...firsts, ...(await Promise.all(firsts.map(behind))).flat()]
const kindOf = (path: string): string =>
  `${path.split(/[/?]/)[1]}${path.includes('cursor=') ? ', next page' : path.includes('&') ? ', filtered' : ''}`

const times = new Map<string, number[]>()
const timed = async (path: string): Promise<void> => {
  const startedAt = performance.now()
  await ask(path)
  const kind = kindOf(path)
  times.set(kind, [...(times.get(kind) ?? []), performance.now() - startedAt])
}

/** One round that warms both sides, unmeasured. */
await Promise.all(asked.map(ask))
const every = 1_000 / Number(rate)
const begun = performance.now()
const all: Promise<void>[] = []
for (let at = 0; at < Number(rate) * Number(seconds); at += 1) {
  const wait = begun + at * every - performance.now()
  if (wait > 1) await pause(wait)
  all.push(timed(asked[(at * 7) % asked.length]!))
}
await Promise.all(all)

const share = (values: readonly number[], part: number): number =>
  values.toSorted((one, other) => one - other)[
    Math.min(values.length - 1, Math.floor(values.length * part))
  ] ?? 0
const told = (values: readonly number[]) => ({
  p50: share(values, 0.5),
  p99: share(values, 0.99),
  max: Math.max(...values),
})
const kinds = Object.fromEntries([...times].map(([kind, values]) => [kind, told(values)]))
const rateKept = all.length / ((performance.now() - begun) / 1_000)
process.stdout.write(`${JSON.stringify({ rate: rateKept, ...told([...times.values()].flat()), kinds })}\n`)
agent.destroy()
