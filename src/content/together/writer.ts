/** Writes bodies, in a thread of its own: what comes at once is one transaction with one sync. */
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { ContentFull } from '../port.ts'
import { faultOf, inTransaction, openForWriting } from './file.ts'
import type { FromWriter, ToWriter } from './messages.ts'

const insert = 'INSERT INTO bodies (id, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING'
const remove = 'DELETE FROM bodies WHERE id = ?'

const port = parentPort!
const path = workerData as string
let opened: DatabaseSync | null = null

const keep = (database: DatabaseSync, { memory, bodies }: Extract<ToWriter, { do: 'keep' }>): FromWriter => {
  const statement = database.prepare(insert)
  let at = 0
  const fresh = bodies.map(([id, size]) => {
    const { changes } = statement.run(id, new Uint8Array(memory, at, size))
    at += size
    return Number(changes) > 0
  })
  return { kind: 'kept', fresh }
}

const removeAll = (database: DatabaseSync, ids: readonly string[]): FromWriter => {
  const statement = database.prepare(remove)
  for (const id of ids) statement.run(id)
  return { kind: 'removed' }
}

const obeyed = (order: Exclude<ToWriter, { do: 'close' }>): FromWriter => {
  try {
    opened ??= openForWriting(path)
    const database = opened
    return inTransaction(database, () =>
      order.do === 'keep' ? keep(database, order) : removeAll(database, order.ids),
    )
  } catch (error) {
    const fault = faultOf(error, path)
    return { kind: 'failed', full: fault instanceof ContentFull, message: fault.message }
  }
}

port.on('message', (order: ToWriter) => {
  if (order.do !== 'close') return port.postMessage(obeyed(order))
  opened?.close()
  port.close()
})
