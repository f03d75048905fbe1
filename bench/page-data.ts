/** A server with a great many messages, sessions and deliveries, whose Web API and page are looked at. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openSqliteReader } from '../src/log/sqlite/index.ts'
import { openViews } from '../src/views/index.ts'
import { install } from './fsmtp.ts'
import { fillForPage } from './page-log.ts'
import { freePort, type Running } from './process.ts'

export type Filled = {
  /** Resolves when mail is greeted and the Web API answers. */
  readonly serve: () => Promise<Running>
  readonly http: number
  /** Of the Web API. */
  readonly key: string
  readonly count: number
}

const folded = async (directory: string): Promise<number> => {
  const log = openSqliteReader({ directory })
  const views = openViews({ directory, log })
  try {
    const { behind, stopped } = await views.caughtUp({ timeout: Number.POSITIVE_INFINITY })
    if (behind > 0 || stopped.length > 0) throw new Error('the views did not take the log')
    return await log.tail()
  } finally {
    views.close()
    await log.close()
  }
}

const answering = async (port: number): Promise<void> => {
  const deadline = performance.now() + 30_000
  while ((await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null)) === null) {
    if (performance.now() > deadline) throw new Error(`nobody answers on port ${port}`)
    await pause(20)
  }
}

type Filling = { readonly count: number; readonly note: (words: string) => void }

/** In `directory`, where it may be from an earlier run. */
export const filled = async (directory: string, { count, note }: Filling): Promise<Filled> => {
  const keyFile = join(directory, 'key')
  const http = await freePort()
  const isThere = existsSync(keyFile)
  const installed = await install(directory, new Map(), { http, account: !isThere })
  if (!isThere) {
    const key = installed.command(['key', 'add', 'bench', '--role', 'administer']).trim()
    await fillForPage(installed.data, count)
    note(`  ${count.toLocaleString('en-US')} messages, sessions and deliveries are in the log`)
    writeFileSync(keyFile, `${key} ${count}`)
  }
  note(`  ${(await folded(installed.data)).toLocaleString('en-US')} events are in the views`)
  const serve = async (): Promise<Running> => {
    const server = await installed.serve()
    await answering(http)
    return server
  }
  const [key = '', shown = `${count}`] = readFileSync(keyFile, 'utf8').split(' ')
  return { serve, http, key, count: Number(shown) }
}
