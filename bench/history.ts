/** How fast histories are told again: `verify` and `views rebuild`, as commands, on the log that the accepts left behind. */
import { openSqliteReader } from '../src/log/sqlite/index.ts'
import type { Installed } from './fsmtp.ts'
import type { Row } from './table.ts'

const verifySummary = (output: string): { transitions: number; ms: number; ok: boolean } => {
  const last: unknown = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')
  if (typeof last !== 'object' || last === null || !('transitions' in last) || !('ms' in last))
    throw new Error(`verify ended with ${JSON.stringify(last)}`)
  const faults = ['diverged', 'undecodable', 'unknownVersion', 'unaccounted'] as const
  const found = new Map<string, unknown>(Object.entries(last))
  const ok = faults.every((fault) => found.get(fault) === 0)
  return { transitions: Number(last.transitions), ms: Number(last.ms), ok }
}

const tail = async (directory: string): Promise<number> => {
  const reader = openSqliteReader({ directory })
  try {
    return await reader.tail()
  } finally {
    await reader.close()
  }
}

const count = (value: number): string => value.toLocaleString('en-US')

export const measureVerifyRow = (installed: Installed): Row => {
  const { transitions, ms, ok } = verifySummary(installed.command(['verify', '--json']))
  return {
    what: 'verify, one core',
    value: (transitions / ms) * 1000,
    unit: 'perSecond',
    must: 60_000,
    aim: 100_000,
    better: 'more',
    note: `${count(transitions)} transitions with content hashes and ledger; ${ok ? 'all well' : 'FAULTS FOUND'}`,
  }
}

/** Start-up of the command is inside the figure. */
export const measureCatchUpRow = async (installed: Installed): Promise<Row> => {
  const events = await tail(installed.data)
  const startedAt = performance.now()
  installed.command(['views', 'rebuild'])
  const seconds = (performance.now() - startedAt) / 1000
  return {
    what: 'views catching up',
    value: events / seconds,
    unit: 'perSecond',
    must: 60_000,
    aim: 200_000,
    better: 'more',
    note: `\`views rebuild\`, all views, ${count(events)} events`,
  }
}
