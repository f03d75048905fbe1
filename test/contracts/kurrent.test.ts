/** The contract on EventStoreDB / KurrentDB: against the stand-in, or the real server that KURRENTDB_URL names. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withContents } from '../../src/content/beside.ts'
import { openKurrentLog } from '../../src/log/kurrent/index.ts'
import type { EventLog } from '../../src/log/port.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { realServer } from '../kurrent/target.ts'
import { eventLogContract, type OpenedLog } from './event-log.ts'

let opened = 0

const open = async (): Promise<OpenedLog> => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-log-'))
  const standIn = realServer === undefined ? await startKurrentStandIn() : null
  const address = new URL(realServer ?? standIn!.url)
  // A log of its own in a database that others may use.
  address.searchParams.set('streamPrefix', `contract_${Date.now().toString(36)}_${++opened}_`)
  const connect = async (): Promise<EventLog> =>
    withContents(await openKurrentLog({ url: address.href }), { directory })
  let log = await connect()
  return {
    log,
    reopen: async () => {
      await log.close()
      log = await connect()
      return log
    },
    reader: connect,
    dispose: async () => {
      await log.close()
      await standIn?.close()
      await rm(directory, { recursive: true })
    },
  }
}

eventLogContract({
  name: 'KurrentDB',
  keeps: 'for the next opening',
  readableBy: 'every process',
  positions: 'ascending',
  forgets: 'later',
  several: 'one after the other',
  open,
})
