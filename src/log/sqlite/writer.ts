/** The one writer of a log, in its own thread: a batch comes in, is committed, and goes back with its answers. */
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { Forgetting } from '../port.ts'
import { Checkpoints } from './checkpoints.ts'
import { type Batch, Committer, type NewKind } from './committer.ts'
import { isDamage, isFull, messageOf } from './faults.ts'
import { Forgetter } from './forgetter.ts'
import type { Failure, FromWriter, ToWriter, WriterOptions } from './messages.ts'
import { kindSum, openForWriting } from './tables.ts'

const port = parentPort!
const options = workerData as WriterOptions

const say = (message: FromWriter, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

const storedKinds = (database: DatabaseSync): NewKind[] =>
  database
    .prepare('SELECT kind, sum, json FROM kinds')
    .all()
    .map(({ kind, sum, json }) => {
      if (kindSum(Number(kind), String(json)) !== sum) throw new DamagedKind(Number(kind))
      return [Number(kind), String(json)]
    })

class DamagedKind extends Error {
  constructor(kind: number) {
    super(`the description of event kind ${kind} is not what was written`)
  }
}

const failureOf = (error: unknown): Failure => ({
  kind: isFull(error) ? 'full' : 'unavailable',
  message: messageOf(error),
})

const write = (committer: Committer, batch: Batch): Failure | null => {
  try {
    committer.commit(batch)
    return null
  } catch (error) {
    return failureOf(error)
  }
}

const forget = (forgetter: Forgetter, what: Forgetting): Failure | null => {
  try {
    forgetter.forget(what)
    return null
  } catch (error) {
    return failureOf(error)
  }
}

const serve = (database: DatabaseSync): void => {
  const committer = new Committer(database)
  const forgetter = new Forgetter(database, (streams) => committer.forgotten(streams))
  const checkpoints = new Checkpoints(database, options)
  port.on('message', (message: ToWriter) => {
    if (message.do === 'commit') {
      const failure = write(committer, message)
      say({ kind: 'done', memory: message.memory, failure }, [message.memory])
      checkpoints.afterCommit()
    } else if (message.do === 'forget') {
      say({ kind: 'forgot', number: message.number, failure: forget(forgetter, message.what) })
      checkpoints.afterCommit()
    } else {
      void checkpoints.close().then(() => {
        database.close()
        say({ kind: 'closed' })
        port.close()
      })
    }
  })
  say({ kind: 'ready', kinds: storedKinds(database), tail: committer.tail })
}

try {
  serve(openForWriting(options))
} catch (error) {
  say({
    kind: 'refused',
    damaged: isDamage(error) || error instanceof DamagedKind,
    message: messageOf(error),
  })
}
