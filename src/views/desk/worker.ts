/** The thread that answers: what somebody looks for in a million rows keeps nobody else waiting. */
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { asError } from '../../as-error.ts'
import { type LogPlace, openLogReader } from '../../log/open.ts'
import { LogDamaged, type LogReader } from '../../log/port.ts'
import type { Past } from '../answers/deliveries-then.ts'
import { isDamage, viewsFile } from '../database.ts'
import { giveWay } from '../give-way.ts'
import { logQuestions } from './log-questions.ts'
import { type Answered, type Asked, pastQuestions, questions } from './questions.ts'

if (parentPort === null) throw new Error('this is a thread of the server, not a program')
const port = parentPort
const place = workerData as LogPlace & { readonly niceness: number }
if (place.niceness > 0) giveWay(place.niceness)
const file = viewsFile(place.data)
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

let reader: Promise<LogReader> | null = null
/** Opened when somebody asks for what was, or for the log itself. */
const log = (): Promise<LogReader> => {
  reader ??= openLogReader(place).catch((error: unknown) => {
    reader = null
    throw error
  })
  return reader
}

// Names and words are those of one table: the other side is typed by it.
type Ask<First> = (first: First, ...rest: readonly unknown[]) => unknown
const isOfPast = (name: string): name is keyof typeof pastQuestions => Object.hasOwn(pastQuestions, name)

const isOfLog = (name: string): name is keyof typeof logQuestions => Object.hasOwn(logQuestions, name)

const answer = async ({ name, words }: Asked): Promise<unknown> => {
  if (isOfLog(name)) return (logQuestions[name] as Ask<LogReader>)(await log(), ...words)
  return isOfPast(name)
    ? (pastQuestions[name] as Ask<Past>)({ db: database(), log: await log() }, ...words)
    : (questions[name] as Ask<DatabaseSync>)(database(), ...words)
}

const answerTo = async (asked: Asked): Promise<Answered> => {
  const { number } = asked
  try {
    return { number, answer: await answer(asked) }
  } catch (error) {
    return { number, fault: asError(error).message, isDamage: error instanceof LogDamaged || isDamage(error) }
  }
}

port.on('message', async (asked: Asked) => port.postMessage(await answerTo(asked)))
