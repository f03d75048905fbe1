/** The page in a browser, before a great many messages, sessions and deliveries: how soon there is something to see. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findProgram } from '../test/programs.ts'
import type { Filled } from './page-data.ts'
import { median, quiet } from './rounds.ts'
import type { Size } from './size.ts'
import { milliseconds, type Row } from './table.ts'

/** In the browser: milliseconds from now until `found` gives true, and the frame after that is drawn. */
const until = `(found, begun) => new Promise((resolve) => {
  const late = setTimeout(() => resolve(30000), 30000)
  const look = () => {
    if (!found()) return false
    watch.disconnect()
    clearTimeout(late)
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)))
    return true
  }
  const watch = new MutationObserver(look)
  if (!look()) watch.observe(document, { childList: true, subtree: true })
})`

type List = {
  readonly path: string
  /** Its rows. */
  readonly rows: string
  /** What is shown where nothing fits. */
  readonly nothing: string
  readonly filters: readonly (readonly [name: string, value: string])[]
}

const day = 86_400_000
const iso = (at: number): string => new Date(at).toISOString().slice(0, 16)
const lists = (count: number): Readonly<Record<string, List>> => ({
  mail: {
    ...{ path: '/mail', rows: '.mails .rows > li', nothing: '.mails .empty' },
    filters: [
      // Of one mail, in the midst of all.
      ['subject', `Invoice ${Math.floor(count / 200) * 100 + 1} `],
      ['subject', 'nobody wrote this'],
      ['sender', 'a7@bench.example'],
      ['sender', '*@n7.example.net'],
      ['recipient', 'm4999@bench.example'],
      ['recipient', '*@d7.example'],
      ['since', '2d'],
      ['until', iso(Date.now() - 10 * day)],
    ],
  },
  sessions: {
    ...{ path: '/sessions', rows: 'table.list tbody tr', nothing: '.empty' },
    filters: [
      ['outcome', 'refused'],
      ['outcome', 'open'],
      ['peer', '10.7.7.0'],
      ['sender', '*@n7.example.net'],
      ['recipient', 'm4999@bench.example'],
      ['helo', 'c7.example.net'],
      ['helo', 'nobody.example'],
      ['user', 'a7@bench.example'],
      ['reason', 'too-many-from-address'],
      ['rule', 'dmarc.*'],
      ['since', '2d'],
      ['until', iso(Date.now() - 10 * day)],
    ],
  },
  deliveries: {
    ...{ path: '/deliveries', rows: 'table.list tbody tr:has(a[href^="/deliveries/"])', nothing: '.empty' },
    filters: [
      ['status', 'deferred'],
      ['status', 'delivered'],
      ['status', 'cancelled'],
      ['recipient', 'u7@d7.example'],
      ['recipient', '*@d7.example'],
      ['domain', 'd7.example'],
      ['domain', '*.nowhere.example'],
      ['sender', 'a7@bench.example'],
      ['since', '2d'],
      ['until', iso(Date.now() - 10 * day)],
    ],
  },
  log: {
    ...{ path: '/log', rows: '.tail > li', nothing: '.empty' },
    filters: [
      ['type', 'MessageAccepted'],
      ['type', 'PolicyAdopted'],
      ['type', 'AccountRemoved'],
      ['stream', 'delivery'],
      ['stream', 'account'],
      ['after', '1000'],
    ],
  },
})

/** `isModest`: it gets what processor time nobody else wants, so that it is, nearly, on a machine of its own. */
export const launch = async (directory: string, { isModest = false } = {}): Promise<Browser> => {
  const program = findProgram('chromium')
  if (program === null) throw new Error('chromium is not installed (Debian: apt-get install chromium)')
  const modest = join(directory, 'chromium')
  // Schedulers that share by session would give it, in a session of its own, as much as the server.
  writeFileSync(
    modest,
    `#!/bin/sh\n{ echo 19 > /proc/$$/autogroup; } 2>/dev/null\nexec nice -n 19 ${program} "$@"\n`,
  )
  chmodSync(modest, 0o755)
  return chromium.launch({ executablePath: isModest ? modest : program, args: ['--no-sandbox'] })
}

export const visit = async (browser: Browser, { http, key }: Pick<Filled, 'http' | 'key'>): Promise<Page> => {
  const context = await browser.newContext({
    ...{ viewport: { width: 1440, height: 900 }, baseURL: `http://127.0.0.1:${http}` },
    extraHTTPHeaders: { authorization: `Bearer ${key}` },
  })
  return context.newPage()
}

const firstRows = async (page: Page, { path, rows }: List): Promise<number> => {
  await page.goto('about:blank')
  await page.goto(path, { waitUntil: 'commit' })
  return page.evaluate<number>(`(${until})(() => document.querySelector('${rows}') !== null, 0)`)
}

const nextRows = async (page: Page, { path, rows }: List): Promise<number> => {
  await page.goto(path)
  await page.locator(rows).first().waitFor()
  return page.evaluate<number>(`(async () => {
    const count = () => document.querySelectorAll('${rows}').length
    const before = count()
    const button = document.querySelector('button.more')
    if (button === null) return -1
    const begun = performance.now()
    button.click()
    return (${until})(() => count() > before, begun)
  })()`)
}

/** From the moment somebody has typed or chosen, until what was shown is gone and something else, or nothing, is there. */
const filtered = async (
  page: Page,
  list: List,
  [name, value]: readonly [string, string],
): Promise<number> => {
  await page.goto(list.path)
  await page.locator(list.rows).first().waitFor()
  const field = page.locator(`[data-field=${name}]`)
  if ((await field.count()) === 0) await page.getByRole('button', { name: 'More filters' }).click()
  await field.first().waitFor()
  return page.evaluate<number>(`(async () => {
    const old = document.querySelector('${list.rows}')
    const field = document.querySelector('[data-field=${name}]')
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set
    setter.call(field, ${JSON.stringify(value)})
    field.dispatchEvent(new Event('input', { bubbles: true }))
    // What is typed is drawn first. What is chosen is a change at once: drawn in between, it would be taken back.
    if (field.localName !== 'select') await new Promise((resolve) => setTimeout(resolve, 100))
    const begun = performance.now()
    field.dispatchEvent(new Event('change', { bubbles: true }))
    return (${until})(() => !old.isConnected && document.querySelector('${list.rows}, ${list.nothing}') !== null, begun)
  })()`)
}

type Timed = { readonly what: string; readonly times: readonly number[] }
const told = (all: readonly Timed[]): string =>
  all
    .map(({ what, times }) => `${what} ${milliseconds(median(times))} (${Math.max(...times).toFixed(0)})`)
    .join(', ')
const slowest = (all: readonly Timed[]): number => Math.max(...all.map(({ times }) => median(times)))

const rest = 1_000

/** @throws Error that says of what */
const repeated = async (what: string, times: number, measure: () => Promise<number>): Promise<Timed> => {
  const found: number[] = []
  for (let turn = 0; turn < times; turn += 1) {
    await quiet(rest)
    found.push(
      await measure().catch((error: Error) => {
        throw new Error(`${what}: ${error.message}`)
      }),
    )
  }
  return { what, times: found }
}

export const measurePageRows = async (filled: Filled, { looks }: Size, directory: string): Promise<Row[]> => {
  const server = await filled.serve()
  const browser = await launch(directory)
  const [firsts, nexts, filters]: [Timed[], Timed[], Timed[]] = [[], [], []]
  try {
    const page = await visit(browser, filled)
    const faults: string[] = []
    page.on('pageerror', ({ message }) => faults.push(message))
    for (const [what, list] of Object.entries(lists(filled.count))) {
      firsts.push(await repeated(what, looks + 1, () => firstRows(page, list)))
      const next = await repeated(`${what}, next page`, looks, () => nextRows(page, list))
      if (next.times.every((time) => time >= 0)) nexts.push(next)
      for (const filter of list.filters)
        filters.push(await repeated(`${what} ${filter.join(' ')}`, looks, () => filtered(page, list, filter)))
    }
    if (faults.length > 0) throw new Error(`the page failed: ${faults[0]}`)
  } finally {
    await browser.close()
    await server.stop()
  }
  const among = `with ${filled.count.toLocaleString('en-US')} messages, sessions and deliveries`
  const least = { unit: 'ms', better: 'less' } as const
  const note = (all: readonly Timed[]): string => `slowest of medians (most): ${told(all)}`
  return [
    {
      what: `the page ${among}: from its address to its first list`,
      value: slowest(firsts),
      must: 1_000,
      aim: 300,
      ...least,
      note: note(firsts),
    },
    {
      what: 'the page: a list’s next page',
      value: slowest(nexts),
      must: 300,
      aim: 100,
      ...least,
      note: note(nexts),
    },
    {
      what: 'the page: a filter, the slowest',
      value: slowest(filters),
      must: 500,
      aim: 200,
      ...least,
      note: note(filters),
    },
  ]
}
