/** A database that misbehaves now and then, at moments that a seed repeats: connections that break, answers that never come. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Chance, chanceOf } from '../faults/chance.ts'
import type { AppendAct, Faults } from './faults.ts'

const acts = [
  'drop before commit',
  'drop after commit',
  'time out before commit',
  'time out after commit',
  'answer twice',
  'busy',
  'silent after commit',
  'silent before commit',
] as const satisfies readonly AppendAct[]

/** Once, whatever comes next. */
const misbehave = (faults: Faults, chance: Chance): void => {
  const lot = chance.next()
  if (lot < 0.25) faults.dropConnections()
  else if (lot < 0.35) faults.dropSubscriptions()
  else if (lot < 0.45) faults.onRead(lot < 0.4 ? 'drop halfway' : 'busy')
  else faults.onAppend(acts[chance.between(0, acts.length - 1)]!)
}

export type Roughness = { begin(): void; end(): void; readonly times: number }

export const roughness = (faults: Faults, seed: number): Roughness => {
  const chance = chanceOf(seed)
  let times = 0
  let stopping: AbortController | null = null
  const goOn = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      await pause(chance.between(20, 200), undefined, { signal })
      misbehave(faults, chance)
      times++
    }
  }
  return {
    begin: () => {
      if (stopping !== null) return
      stopping = new AbortController()
      goOn(stopping.signal).catch(() => {})
    },
    end: () => {
      stopping?.abort()
      stopping = null
      faults.clear()
    },
    get times() {
      return times
    },
  }
}
