/** Mail that flows while somebody has the page open: what it costs the mail, and what the browser gets. */
import type { Browser, Page } from 'playwright-core'
import { type Flow, flow, said } from './api.ts'
import { measureAccepts } from './load.ts'
import { launch, visit } from './page.ts'
import type { Filled } from './page-data.ts'
import type { Running } from './process.ts'
import { spentBy } from './processor-time.ts'
import { interleave, median, quiet, ratio } from './rounds.ts'
import type { Size } from './size.ts'
import { milliseconds, perSecond, type Row } from './table.ts'

/** What is looked at: what changes with every mail. */
const path = '/sessions'

type Seen = { requests: number; bytes: number; changes: number }

/** What the page asks for from now on, what comes, and how often what it shows changes. */
const watched = async (page: Page): Promise<() => Promise<Seen>> => {
  const seen = { requests: 0, bytes: 0 }
  const wire = await page.context().newCDPSession(page)
  await wire.send('Network.enable')
  wire.on('Network.requestWillBeSent', () => {
    seen.requests += 1
  })
  wire.on('Network.dataReceived', ({ dataLength }) => {
    seen.bytes += dataLength
  })
  await page.evaluate(`{
    window.changes = 0
    let isCounted = false
    new MutationObserver(() => {
      if (isCounted) return
      isCounted = true
      requestAnimationFrame(() => { isCounted = false; window.changes += 1 })
    }).observe(document.body, { childList: true, subtree: true, characterData: true })
  }`)
  return async () => ({ ...seen, changes: await page.evaluate<number>('window.changes') })
}

const opened = async (browser: Browser, filled: Filled): Promise<Page> => {
  const page = await visit(browser, filled)
  await page.goto(path)
  await page.locator('table.list tbody tr').first().waitFor()
  return page
}

type Cost = { readonly perMail: number; readonly mail: Flow }

const paced = async (server: Running, seconds: number): Promise<Cost> => {
  const before = spentBy(server.pid).all
  const mail = await said<Flow>('./paced.ts', [server.port, flow, seconds])
  return { perMail: (spentBy(server.pid).all - before) / (mail.rate * seconds), mail }
}

export const measurePageFlowRows = async (filled: Filled, size: Size, directory: string): Promise<Row[]> => {
  const { rest, rounds } = size
  const seconds = Math.min(10, size.seconds)
  const server = await filled.serve()
  const browser = await launch(directory, { isModest: true })
  try {
    await measureAccepts({ port: server.port, sessions: 50, messages: 3_000, connections: 'reused' })
    const load = { sessions: 50, messages: size.messages.fsmtp, connections: 'reused' } as const
    const measure = ({ port }: Running): Promise<number> => measureAccepts({ port, ...load })
    const withPage = async (running: Running): Promise<number> => {
      const page = await opened(browser, filled)
      await quiet(rest)
      return measure(running).finally(() => page.context().close())
    }
    const figures = await interleave(
      [
        { name: 'closed', server, measure },
        { name: 'open', server, measure: withPage },
      ],
      { rounds: Math.min(rounds, 5), rest },
    )
    await quiet(rest)
    const closed = await paced(server, seconds)
    const page = await opened(browser, filled)
    await quiet(rest)
    const count = await watched(page)
    const open = await paced(server, seconds)
    const seen = await count()
    const rate = (name: string): string => perSecond(median(figures.get(name) ?? []))
    const each = (value: number): string => (value / seconds).toFixed(1)
    return [
      {
        what: 'accept rate with the page open, against closed',
        value: ratio(figures, 'open', 'closed'),
        ...{ unit: 'share', must: 0.95, aim: 0.98, better: 'more' },
        note: `50 connections reused, ${rate('open')} and ${rate('closed')}; the browser on the same processors, at the lowest priority. At ${flow} mails a second: ${perSecond(open.mail.rate)} and ${perSecond(closed.mail.rate)}, the server’s processor time a mail ${open.perMail.toFixed(0)} and ${closed.perMail.toFixed(0)} µs, final dot to 250 p50 ${milliseconds(open.mail.p50)} and ${milliseconds(closed.mail.p50)}`,
      },
      {
        what: `what the page gets while ${flow} mails a second flow, kilobytes a second`,
        value: seen.bytes / seconds,
        ...{ unit: 'kB', must: 500_000, aim: 200_000, better: 'less' },
        note: `${each(seen.requests)} requests a second, what it shows changed ${each(seen.changes)} times a second`,
      },
    ]
  } finally {
    await browser.close()
    await server.stop()
  }
}
