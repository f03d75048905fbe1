/** Rounds: every server in turn, again and again, so that a slow minute of the machine touches all alike. */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Running } from './process.ts'
import type { Size } from './size.ts'

export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Processor time of all, and the part of it that was idle, in ticks. */
const ticks = (): { all: number; idle: number } => {
  const fields = readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/\s+/).slice(1).map(Number)
  return { all: fields.reduce((sum, ticks) => sum + ticks, 0), idle: (fields[3] ?? 0) + (fields[4] ?? 0) }
}

/** Waits until what the last round left behind (queues, views) is worked off: the processors idle, `rest` ms at most. */
export const quiet = async (rest: number): Promise<void> => {
  const deadline = performance.now() + rest
  let before = ticks()
  while (performance.now() < deadline) {
    await pause(250)
    const now = ticks()
    if ((now.idle - before.idle) / Math.max(1, now.all - before.all) > 0.9) return
    before = now
  }
}

export type Contender = {
  readonly name: string
  readonly server: Running
  /** What is measured in one round: higher is better. */
  readonly measure: (server: Running) => Promise<number>
}

/** Figures by contender's name, one for each round; the order turns around from round to round. */
export const interleave = async (
  contenders: readonly Contender[],
  { rounds, rest }: Pick<Size, 'rounds' | 'rest'>,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const figures = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % 2 === 0 ? contenders : [...contenders].reverse()
    for (const { name, server, measure } of turn) {
      await quiet(rest)
      figures.get(name)!.push(await measure(server))
    }
  }
  return figures
}

/** Median over the rounds of `over` divided by `under` of the same round. */
export const ratio = (
  figures: ReadonlyMap<string, readonly number[]>,
  over: string,
  under: string,
): number | null => {
  const above = figures.get(over)
  const below = figures.get(under)
  if (above === undefined || below === undefined) return null
  return median(above.map((figure, round) => figure / below[round]!))
}
