/**
 * Where a tortured server has its log: in its own directory, or in a stand-in for KurrentDB, which is a process of its own. That one keeps
 * nothing on a disk, and outlives every kill: what is shown is what becomes of what the server had under way.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../server.ts'

export type Database = {
  /** As `log` in a configuration. */
  readonly log: string
  readonly isDense: boolean
  /** From now on connections break and answers do not come, until `calm`. */
  rough(): Promise<void>
  calm(): Promise<void>
  /** How often it misbehaved. */
  readonly misbehaved: number
  end(): Promise<void>
}

export const engines = ['sqlite', 'kurrent'] as const
export type Engine = (typeof engines)[number]

const nothing = async (): Promise<void> => {}
const ownDirectory: Database = {
  ...{ log: 'sqlite', isDense: true, misbehaved: 0 },
  ...{ rough: nothing, calm: nothing, end: nothing },
}

/** `faults`: a seed, for a database that misbehaves. */
export const startDatabase = async (engine: Engine, faults: number | null): Promise<Database> => {
  if (engine === 'sqlite') return ownDirectory
  const words = [
    join(root, 'test/kurrent/serve.ts'),
    ...(faults === null ? [] : ['--faults', String(faults)]),
  ]
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => String((await lines.next()).value)
  const log = await line()
  let misbehaved = 0
  const tell = async (word: 'rough' | 'calm'): Promise<void> => {
    if (faults === null) return
    child.stdin.write(`${word}\n`)
    misbehaved = Number(await line())
  }
  return {
    ...{ log, isDense: false },
    rough: () => tell('rough'),
    calm: () => tell('calm'),
    get misbehaved() {
      return misbehaved
    },
    end: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** `--log` and `--faults` of a command line; null for words that mean nothing. */
export const engineOf = (log: string, faults: boolean): Engine | null => {
  const engine = engines.find((one) => one === log) ?? null
  return faults && engine === 'sqlite' ? null : engine
}
