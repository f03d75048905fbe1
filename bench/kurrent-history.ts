/** A long log in a database, followed from its beginning: how fast, and how much memory that takes. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { newEventId, newId } from '../src/actors/identity.ts'
import { openKurrentLog } from '../src/log/kurrent/index.ts'
import { kindOf } from '../src/log/port.ts'
import type { Database } from './database.ts'
import { perSecond, type Row } from './table.ts'

const follower = fileURLToPath(new URL('./follower.ts', import.meta.url))
const run = promisify(execFile)

const meta = { machine: 'session', machineVersion: '1', fingerprint: 'a1b2c3d4', node: 'bench' }
const kinds = ['SenderAccepted', 'RecipientAccepted', 'ContentStarted', 'MessageAccepted'].map((type) =>
  kindOf(type, 1, { ...meta, input: type, from: 'identified', to: 'receiving', effects: 'reply' }),
)
const perStream = 20
const writers = 100

/** Sessions of twenty events, about as large as a server's. */
const fill = async (url: string, events: number): Promise<void> => {
  const log = await openKurrentLog({ url })
  let left = events
  const at = Date.now()
  const write = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(perStream, left)
      left -= count
      const message = newId()
      const data = { message, sender: 'sender@example.net', size: 4096, sha256: 'ab'.repeat(32) }
      await log.append([
        {
          ...{ stream: `smtp_session-${newId()}`, expected: -1 },
          events: Array.from({ length: count }, (_, n) => ({
            ...{ id: newEventId(at), kind: kinds[n % kinds.length]!, at, data },
            meta: { dialogue: 'C: MAIL FROM:<sender@example.net> SIZE=4096\nS: 250 2.1.0 Ok' },
          })),
        },
      ])
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  await log.close()
}

type Followed = { events: number; seconds: number; resident: number; highest: number }

const follow = async (url: string, events: number): Promise<Followed> => {
  const { stdout } = await run(process.execPath, [follower, url, `${events}`])
  return JSON.parse(stdout) as Followed
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

/** Fills the database's log, which must be empty, with as many events. */
export const measureKurrentHistory = async ({ url }: Database, events: number): Promise<Row> => {
  const few = Math.floor(events / 10)
  await fill(url, few)
  const short = await follow(url, few)
  await fill(url, events - few)
  const long = await follow(url, events)
  return {
    what: `highest resident memory while following ${events.toLocaleString('en-US')} events in KurrentDB from the first`,
    value: long.highest,
    unit: 'megabytes',
    must: 400e6,
    aim: 300e6,
    better: 'less',
    note: `${perSecond(long.events / long.seconds)} events; with ${few.toLocaleString('en-US')} it is ${megabytes(short.highest)}, before the first ${megabytes(long.resident)}; the whole program and its client`,
  }
}
