/**
 * Real servers for tests: real sockets on loopback, real files in a directory of their own. In this process, or as a
 * child that can be killed.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Service } from '../machines/vocabulary/events.ts'
import { hashPassword } from '../src/authentication/passwords.ts'
import { parseConfig } from '../src/config/load.ts'
import { kindOf, type StoredEvent } from '../src/log/port.ts'
import { type Running, startServer } from '../src/main.ts'
import type { Notices } from '../src/notices.ts'
import { scratch } from './scratch.ts'

export { eventually } from './eventually.ts'
export { scratch } from './scratch.ts'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const program = join(root, 'src/cli/main.ts')

/** Sections of a configuration, in the words of the file. */
export type Settings = Readonly<Record<string, unknown>>

const everyService: readonly Service[] = ['mx', 'submission', 'submissions']
const basis: Settings = {
  hostname: 'mx.example.org',
  listeners: everyService.map((service) => ({ service, address: '127.0.0.1', port: 0 })),
  domains: [{ name: 'example.org' }],
}

/** A configuration on loopback, any free port for each service, with `settings` over it. YAML reads JSON. */
export const configText = (settings: Settings = {}): string => JSON.stringify({ ...basis, ...settings })

const hashes = new Map<string, Promise<string>>()
/** Hashing takes its time, on purpose: each password once in a process. */
const hashed = (password: string): Promise<string> => {
  const known = hashes.get(password) ?? hashPassword(password)
  hashes.set(password, known)
  return known
}

export type Account = { readonly addresses: readonly [string, ...string[]]; readonly password: string }

export type TestServer = {
  readonly running: Running
  readonly data: string
  /** Complaints so far: what would be in the operator's log. */
  readonly notices: readonly string[]
  port(service: Service): number
  addAccount(account: Account): Promise<void>
  /** Everything in the log after `position`. */
  events(position?: number): Promise<StoredEvent[]>
  /** What `found` gives of that, once it gives something else than undefined or false. */
  until<Value>(
    found: (events: readonly StoredEvent[]) => Value | undefined | false,
    options?: { readonly position?: number; readonly within?: number; readonly what?: string },
  ): Promise<Value>
  stop(): Promise<void>
}

export type TestPlace = {
  readonly data?: string
  /** Hears what would be in the operator's log, with all that is said of it. */
  readonly hears?: Partial<Notices>
}

/** A server in this process. */
export const startTestServer = async (
  settings: Settings = {},
  { data = scratch(), hears = {} }: TestPlace = {},
): Promise<TestServer> => {
  const { config } = parseConfig(configText(settings), { shown: null, file: null, folder: data, data })
  const notices: string[] = []
  const running = await startServer(config, {
    info: () => {},
    warn: (what, error) => notices.push(error ? `${what}: ${error.message}` : what),
    ...hears,
  })
  const { log, directory } = running
  return {
    running,
    data,
    notices,
    port: (service) => portOf(running.listeners, service),
    addAccount: async ({ addresses, password }) => {
      const data = { account: addresses[0], password: await hashed(password), addresses }
      const event = { id: randomUUID(), kind: kindOf('AccountAdded', 1, {}), at: Date.now(), data }
      const stream = `account-${addresses[0]}`
      const { position } = await log.append([{ stream, expected: -1, events: [event] }])
      await directory.until(position)
    },
    events: async (position = 0) => {
      const events: StoredEvent[] = []
      for await (const page of log.readAll(position)) events.push(...page)
      return events
    },
    until: async (found, { position = 0, within = 60_000, what = 'it' } = {}) => {
      const late = new Error(`${what} did not happen within ${within} ms`)
      const control = new AbortController()
      const clock = setTimeout(() => control.abort(), within)
      const events: StoredEvent[] = []
      try {
        for await (const page of log.subscribe(position, { signal: control.signal })) {
          events.push(...page)
          const value = found(events)
          if (value !== undefined && value !== false) return value
        }
      } finally {
        clearTimeout(clock)
      }
      throw late
    },
    stop: () => running.stop(),
  }
}

type Listening = readonly { readonly service: Service; readonly port: number }[]
const portOf = (listeners: Listening, service: Service): number => {
  const found = listeners.find((listener) => listener.service === service)
  assert.ok(found, `the server does not listen for ${service}`)
  return found.port
}

/** A directory with an `fsmtp.yaml`, for the command line to work in. */
export const workplace = (settings: Settings = {}): string => {
  const folder = scratch('place')
  writeFileSync(join(folder, 'fsmtp.yaml'), configText(settings))
  return folder
}

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs `fsmtp` with these words in `folder`, to its end. */
export const fsmtp = async (
  folder: string,
  words: readonly string[],
  { input = '' }: { readonly input?: string } = {},
): Promise<Finished> => {
  const child = spawn(process.execPath, [program, ...words], { cwd: folder, stdio: 'pipe' })
  child.stdin.on('error', () => {}).end(input)
  return finished(child)
}

/** What a child said, once it has ended. Bytes are kept as Latin-1 would show them, so that nothing is lost. */
export const finished = async (child: ChildProcess): Promise<Finished> => {
  const said = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr?.setEncoding('latin1').on('data', (text: string) => {
    said.stderr += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

/** The lines a command printed with `--json`. */
export const objects = ({ stdout }: Finished): Record<string, unknown>[] =>
  Buffer.from(stdout, 'latin1')
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

export type ChildServer = {
  readonly child: ChildProcess
  readonly folder: string
  port(service: Service): number
  /** What it printed so far, both streams. */
  output(): string
  /** Sends the signal and resolves with the exit code (null when the signal ended it). */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** `fsmtp serve` as a child, in a folder with a configuration. Resolves when it says that it is up. */
export const serve = async (
  folder: string,
  { words = [] }: { readonly words?: readonly string[] } = {},
): Promise<ChildServer> => {
  const child = spawn(process.execPath, [program, 'serve', ...words], { cwd: folder, stdio: 'pipe' })
  let output = ''
  const ended = once(child, 'exit') as Promise<[number | null]>
  const up = new Promise<void>((resolve, reject) => {
    const late = (): void => reject(new Error(`the server did not say that it is up: ${output}`))
    const clock = setTimeout(late, 120_000)
    const hear = (text: string): void => {
      output += text
      // All of it is printed at once.
      if (output.includes('is up') && listenersIn(output).length > 0) {
        clearTimeout(clock)
        resolve()
      }
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    void ended.then(([code]) => {
      clearTimeout(clock)
      reject(new Error(`the server ended with ${code}: ${output}`))
    })
  })
  await up
  const listeners = listenersIn(output)
  return {
    child,
    folder,
    port: (service) => portOf(listeners, service),
    output: () => output,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal)
      const [code] = await ended
      return code
    },
  }
}

const listenersIn = (output: string): Listening =>
  [...output.matchAll(/^ {2}(mx|submission|submissions) +127\.0\.0\.1:(\d+)/gm)].map(([, service, port]) => ({
    service: service as Service,
    port: Number(port),
  }))
