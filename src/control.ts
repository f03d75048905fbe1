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
import { type Append, type EventLog, kindOf, LogUnavailable, WrongRevision } from './log/port.ts'

/** Sockets have short names in most systems (108 bytes with Linux). */
const longestPath = 100

export const controlPath = (directory: string): string => {
  const path = join(resolve(directory), 'control.sock')
  if (Buffer.byteLength(path) <= longestPath) return path
  const name = createHash('sha256').update(path).digest('hex').slice(0, 24)
  return join(tmpdir(), `fsmtp-${process.getuid?.() ?? 0}-${name}.sock`)
}

type Question = { readonly do: 'append'; readonly appends: readonly unknown[] } | { readonly do: 'status' }
export type Status = { readonly pid: number; readonly startedAt: number }
type Answer =
  | { readonly ok: true; readonly position?: number; readonly status?: Status }
  | {
      readonly ok: false
      readonly error: string
      readonly message: string
      readonly wrong?: { readonly stream: string; readonly expected: number; readonly actual: number }
    }

// Bodies travel as base64: JSON holds no bytes.
type WireAppend = Omit<Append, 'contents'> & { readonly contents?: readonly { id: string; base64: string }[] }

const toWire = ({ contents, ...append }: Append): WireAppend => ({
  ...append,
  ...(contents && {
    contents: contents.map(({ id, bytes }) => ({ id, base64: Buffer.from(bytes).toString('base64') })),
  }),
})
const fromWire = ({ contents, ...append }: WireAppend): Append => ({
  ...append,
  events: append.events.map((event) => ({
    ...event,
    kind: kindOf(event.kind.type, event.kind.version, event.kind.meta),
  })),
  ...(contents && {
    contents: contents.map(({ id, base64 }) => ({ id, bytes: Buffer.from(base64, 'base64') })),
  }),
})

export type ControlServer = { close(): Promise<void> }

/** Answers commands until it is closed. The caller holds the directory's lock, so an old socket is nobody's. */
export const serveControl = (directory: string, log: EventLog): Promise<ControlServer> => {
  const path = controlPath(directory)
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const status: Status = { pid: process.pid, startedAt: Date.now() }
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    void answerAll(socket, log, status)
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

const answerAll = async (socket: Socket, log: EventLog, status: Status): Promise<void> => {
  for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }))
    socket.write(`${JSON.stringify(await answer(line, log, status))}\n`)
}

const answer = async (line: string, log: EventLog, status: Status): Promise<Answer> => {
  try {
    const question = JSON.parse(line) as Question
    if (question.do === 'status') return { ok: true, status }
    if (question.do !== 'append') throw new Error(`unknown question ${JSON.stringify(question)}`)
    const { position } = await log.append(question.appends.map((append) => fromWire(append as WireAppend)))
    return { ok: true, position }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    const wrong = error instanceof WrongRevision ? error : null
    return {
      ok: false,
      error: name,
      message,
      ...(wrong && { wrong: { stream: wrong.stream, expected: wrong.expected, actual: wrong.actual } }),
    }
  }
}

export type Control = {
  /** As `EventLog.append`, by the running server. */
  append(appends: readonly Append[]): Promise<{ readonly position: number }>
  status(): Promise<Status>
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
  createInterface({ input: socket }).on('line', (line) => waiting.shift()?.done(JSON.parse(line) as Answer))
  const ask = (question: Question): Promise<Answer & { ok: true }> =>
    new Promise<Answer>((done, failed) => {
      waiting.push({ done, failed })
      socket.write(`${JSON.stringify(question)}\n`)
    }).then(orThrow)
  return {
    append: async (appends) => ({
      position: (await ask({ do: 'append', appends: appends.map(toWire) })).position ?? 0,
    }),
    status: async () => (await ask({ do: 'status' })).status ?? { pid: 0, startedAt: 0 },
    close: () => socket.end(),
  }
}

const orThrow = (answer: Answer): Answer & { ok: true } => {
  if (answer.ok) return answer
  if (answer.wrong) throw new WrongRevision(answer.wrong.stream, answer.wrong.expected, answer.wrong.actual)
  throw Object.assign(new Error(answer.message), { name: answer.error })
}
