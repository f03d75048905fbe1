/** The thread that answers: what somebody looks for in a million rows keeps nobody else waiting. */
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { asError } from '../../as-error.ts'
import { isDamage, viewsFile } from '../database.ts'
import { type Answered, type Asked, questions } from './questions.ts'

if (parentPort === null) throw new Error('this is a thread of the server, not a program')
const port = parentPort
const file = viewsFile((workerData as { readonly directory: string }).directory)
let opened: { readonly db: DatabaseSync; readonly inode: number } | null = null

/** The file may be replaced between two questions. */
const database = (): DatabaseSync => {
  const inode = statSync(file).ino
  if (opened?.inode === inode) return opened.db
  opened?.db.close()
  opened = null
  opened = { db: new DatabaseSync(file, { readOnly: true, timeout: 2_000 }), inode }
  return opened.db
}

const answerTo = ({ number, name, words }: Asked): Answered => {
  try {
    // Names and words are those of one table: the other side is typed by it.
    const ask = questions[name] as (db: DatabaseSync, ...rest: readonly unknown[]) => unknown
    return { number, answer: ask(database(), ...words) }
  } catch (error) {
    return { number, fault: asError(error).message, isDamage: isDamage(error) }
  }
}

port.on('message', (asked: Asked) => port.postMessage(answerTo(asked)))
