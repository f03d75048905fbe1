/**
 * How a command finds the server that works on the same data, and has it append: a socket in the data directory, one line
 * of JSON for a question, one for its answer. Only who may enter the directory (mode 0700) can ask.
 */
import { createHash } from 'node:crypto'
import { chmodSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Act } from '../machines/delivery/inputs.ts'
import { drained, LineTooLong, socketLines } from './control-lines.ts'
import { fromWire, toWire, WireFault } from './control-wire.ts'
import type { Done } from './delivery/done.ts'
import { type Append, type EventLog, LogUnavailable, WrongRevision } from './log/port.ts'

/** Sockets have short names in most systems (108 bytes with Linux). */
const longestPath = 100

/**
 * Bytes of a question, at most. An import sends about 1 MiB of events and bodies at a time; a single event can be much
 * larger, the log takes what fits in its queue.
 */
const longestQuestion = 64 * 1024 * 1024

export const controlPath = (directory: string): string => {
  const path = join(resolve(directory), 'control.sock')
  if (Buffer.byteLength(path) <= longestPath) return path
  const name = createHash('sha256').update(path).digest('hex').slice(0, 24)
  return join(tmpdir(), `fsmtp-${process.getuid?.() ?? 0}-${name}.sock`)
}

type Question =
  | { readonly do: 'append'; readonly appends: readonly unknown[] }
  | ({ readonly do: 'act' } & ActQuestion)
  | { readonly do: 'status' }
/** Something to be done to deliveries. */
export type ActQuestion = { readonly act: Act; readonly ids: readonly string[]; readonly by: string }
/** Null where there is no delivery of that id, or it could not be acted upon (`error`). */
export type Acted = {
  readonly id: string
  readonly done: Done
  readonly error?: string
}
export type Acts = (asked: ActQuestion) => Promise<readonly Acted[]>
export type Status = {
  readonly pid: number
  readonly startedAt: number
  /** Where it takes mail. */
  readonly listeners?: readonly { readonly service: string; readonly port: number }[]
}
type Answer =
  | {
      readonly ok: true
      readonly position?: number
      readonly status?: Status
      readonly acted?: readonly Acted[]
    }
  | {
      readonly ok: false
      readonly error: string
      readonly message: string
      readonly wrong?: { readonly stream: string; readonly expected: number; readonly actual: number }
    }

const nothingToActOn: Acts = async ({ ids }) => ids.map((id) => ({ id, done: null }))

export type ControlServer = { close(): Promise<void> }

/** Answers commands until it is closed. The caller holds the directory's lock, so an old socket is nobody's. */
export const serveControl = (
  directory: string,
  log: EventLog,
  acts: Acts = nothingToActOn,
  listeners: Status['listeners'] = [],
): Promise<ControlServer> => {
  const path = controlPath(directory)
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const status: Status = { pid: process.pid, startedAt: Date.now(), listeners }
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    void answerAll(socket, { log, acts, status })
  })
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(path, () => {
      chmodSync(path, 0o600)
      done({
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            for (const socket of sockets) socket.destroy()
          }),
      })
    })
  })
}

const toLine = (answer: Answer): string => `${JSON.stringify(answer)}\n`

/** Answers one client until it goes away, which it may at any time: what it asked for is done all the same. */
type Answering = { readonly log: EventLog; readonly acts: Acts; readonly status: Status }

const answerAll = async (socket: Socket, answering: Answering): Promise<void> => {
  try {
    for await (const line of socketLines(socket, longestQuestion)) {
      const answered = await answer(line, answering)
      if (socket.destroyed || !socket.writable) return
      // Who does not read his answers is asked no more questions.
      if (!socket.write(toLine(answered))) await drained(socket)
    }
    socket.end()
  } catch (error) {
    // The client went away; or it says more than we take, and hears so before it is cut off.
    if (error instanceof LineTooLong && socket.writable) socket.write(toLine(refusal(error)))
    socket.destroySoon()
  }
}

const answer = async (line: string, { log, acts, status }: Answering): Promise<Answer> => {
  try {
    const question = parseQuestion(line)
    if (question.do === 'status') return { ok: true, status }
    if (question.do === 'act') return { ok: true, acted: await acts(question) }
    const { position } = await log.append(question.appends.map(fromWire))
    return { ok: true, position }
  } catch (error) {
    return refusal(error instanceof Error ? error : new Error(String(error)))
  }
}

/** @throws WireFault */
const parseQuestion = (line: string): Question => {
  const asked = parseJson(line)
  if (typeof asked !== 'object' || asked === null || !('do' in asked))
    throw new WireFault('a question is an object that says what to do')
  if (asked.do === 'status') return { do: 'status' }
  if (asked.do === 'act') return actQuestion(asked)
  if (asked.do !== 'append') throw new WireFault('do must be "append", "act" or "status"')
  if (!('appends' in asked) || !Array.isArray(asked.appends)) throw new WireFault('appends must be an array')
  return { do: 'append', appends: asked.appends }
}

const knownActs: readonly string[] = ['RETRY', 'HOLD', 'RELEASE', 'CANCEL'] satisfies Act[]

const actQuestion = (asked: object): Question => {
  const { act, ids, by } = asked as Partial<Record<keyof ActQuestion, unknown>>
  if (typeof act !== 'string' || !knownActs.includes(act))
    throw new WireFault(`act must be one of ${knownActs.join(', ')}`)
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string'))
    throw new WireFault('ids must be strings')
  if (typeof by !== 'string') throw new WireFault('by must say who asks')
  return { do: 'act', act: act as Act, ids, by }
}

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    throw new WireFault('a question is one line of JSON')
  }
}

const refusal = (error: Error): Answer => {
  const { name, message } = error
  if (!(error instanceof WrongRevision)) return { ok: false, error: name, message }
  const { stream, expected, actual } = error
  return { ok: false, error: name, message, wrong: { stream, expected, actual } }
}

export type Control = {
  /** As `EventLog.append`, by the running server. */
  append(appends: readonly Append[]): Promise<{ readonly position: number }>
  act(asked: ActQuestion): Promise<readonly Acted[]>
  status(): Promise<Status>
  /** Resolves when the connection is over: `close` was called, or the server went away. */
  readonly closed: Promise<void>
  close(): void
}

/** The running server's control, or null where none answers. */
export const connectControl = (directory: string): Promise<Control | null> => {
  const path = controlPath(directory)
  if (!isOurs(path)) return Promise.resolve(null)
  return new Promise((done) => {
    const socket = connect(path)
    socket.once('error', () => done(null))
    socket.once('connect', () => done(controlOver(socket)))
  })
}

const isOurs = (path: string): boolean => {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && (process.getuid === undefined || found.uid === process.getuid())
}

const controlOver = (socket: Socket): Control => {
  const waiting: { done: (answer: Answer) => void; failed: (error: Error) => void }[] = []
  const lost = () => {
    for (const { failed } of waiting.splice(0))
      failed(new LogUnavailable('the server went away before it answered; look whether the change was made'))
  }
  socket.removeAllListeners('error').on('error', lost).on('close', lost)
  createInterface({ input: socket })
    // The socket's, once more.
    .on('error', () => {})
    .on('line', (line) => waiting.shift()?.done(JSON.parse(line) as Answer))
  const ask = (question: Question): Promise<Answer & { ok: true }> =>
    new Promise<Answer>((done, failed) => {
      waiting.push({ done, failed })
      socket.write(`${JSON.stringify(question)}\n`)
    }).then(orThrow)
  return {
    append: async (appends) => ({
      position: (await ask({ do: 'append', appends: appends.map(toWire) })).position ?? 0,
    }),
    act: async (asked) => (await ask({ do: 'act', ...asked })).acted ?? [],
    status: async () => (await ask({ do: 'status' })).status ?? { pid: 0, startedAt: 0 },
    closed: new Promise((over) => socket.once('close', () => over())),
    close: () => socket.end(),
  }
}

const orThrow = (answer: Answer): Answer & { ok: true } => {
  if (answer.ok) return answer
  if (answer.wrong) throw new WrongRevision(answer.wrong.stream, answer.wrong.expected, answer.wrong.actual)
  throw Object.assign(new Error(answer.message), { name: answer.error })
}
