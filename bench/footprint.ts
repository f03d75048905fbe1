/** What the server weighs: idle sessions, and one large message. Each on a server of its own, freshly started. */
import { measureAccepts } from './load.ts'
import { measureIdle, measureLarge, sendLarge } from './memory.ts'
import type { Running } from './process.ts'
import type { Size } from './size.ts'
import type { Row } from './table.ts'

const megabyte = 1_000_000

/** Enough mails that the code is loaded and compiled, few enough that no heap lies ready. */
const warm = (port: number): Promise<number> =>
  measureAccepts({ port, sessions: 20, messages: 1000, connections: 'new' })

export const measureIdleRow = async (server: Running, size: Size): Promise<Row> => {
  await warm(server.port)
  return {
    what: `memory of an idle session (${size.idleSessions.toLocaleString('en-US')} of them)`,
    value: await measureIdle(server, size.idleSessions),
    unit: 'kB',
    must: 40_000,
    aim: 28_000,
    better: 'less',
    note: 'resident memory of the server, after EHLO, beyond the first 500',
  }
}

export const measureLargeRow = async (server: Running): Promise<Row> => {
  await warm(server.port)
  await sendLarge(server.port, megabyte)
  return {
    what: 'resident memory while taking one message of 50 MB',
    value: await measureLarge(server, 50 * megabyte),
    unit: 'MB',
    must: 20 * megabyte,
    aim: 10 * megabyte,
    better: 'less',
    note: 'highest during the message, after one of 1 MB',
  }
}
