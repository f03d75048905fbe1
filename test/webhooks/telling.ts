/** A log in memory, webhooks over it, and servers that live or do not. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Config } from '../../src/config/schema.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf, type StoredEvent } from '../../src/log/port.ts'
import { startWebhooks, type Webhooks } from '../../src/webhooks/index.ts'
import { webhookStream } from '../../src/webhooks/standing.ts'
import { scratch } from '../scratch.ts'

export const secret = 'a secret of more than twenty-four bytes'

export type Members = { node: string; alive: boolean; others: readonly string[] | null }

/** `timeout`: milliseconds for an answer; what is not about that waits for slow machines. */
export const telling = (
  t: TestContext,
  log: EventLog = openMemoryLog(),
  { timeout = 30_000 }: { readonly timeout?: number } = {},
) => {
  const secretFile = join(scratch('hook'), 'hook.key')
  writeFileSync(secretFile, `${secret}\n`)
  const notices: string[] = []
  let written = 0
  const config = (
    urls: readonly string[],
    events: readonly string[] = ['Delivered'],
  ): Pick<Config, 'webhooks'> => ({
    webhooks: urls.map((url) => ({ url, events: [...events], secretFile, timeout })),
  })
  return {
    log,
    notices,
    secretFile,
    config,
    start: async (
      urls: readonly string[],
      { members = { node: 'a', alive: true, others: [] } }: { readonly members?: Members } = {},
    ): Promise<Webhooks> => {
      const webhooks = await startWebhooks({
        ...{ config: config(urls), log, chance: () => 0, skipping: { after: 50, events: 100 } },
        members: {
          node: members.node,
          isAlive: () => members.alive,
          others: () => members.others,
        },
        warn: (what, error) => notices.push(error ? `${what}: ${error.message}` : what),
        info: (what) => notices.push(what),
      })
      t.after(() => webhooks.stop())
      return webhooks
    },
    /** Positions of so many events of a type, each in a stream of its own. */
    record: async (count: number, type = 'Delivered'): Promise<number[]> => {
      const positions: number[] = []
      for (let at = 0; at < count; at++) {
        const event = {
          id: randomUUID(),
          kind: kindOf(type, 1, {}),
          at: Date.now(),
          data: { number: ++written },
        }
        const stream = `delivery-${String(written).padStart(6, '0')}`
        positions.push((await log.append([{ stream, expected: -1, events: [event] }])).position)
      }
      return positions
    },
    /** What is said of a webhook in the log. */
    said: async (url: string): Promise<StoredEvent[]> => {
      const events: StoredEvent[] = []
      for await (const page of log.readStream(webhookStream(url))) events.push(...page)
      return events
    },
  }
}
