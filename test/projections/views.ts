/** Folding a line of events into a `views.sqlite` of its own. */
import { rm } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import { openViews, type ViewReader } from '../../src/views/index.ts'
import { Runner, type RunnerOptions } from '../../src/views/runner.ts'
import { scratch } from '../scratch.ts'
import { Teller } from './marbles.ts'

const endings = new WeakMap<TestContext, (() => unknown)[]>()

/** Ends what a test began, the last one first. */
export const atEnd = (context: TestContext, end: () => unknown): void => {
  const known = endings.get(context)
  if (known) {
    known.push(end)
    return
  }
  const all = [end]
  endings.set(context, all)
  context.after(async () => {
    for (const one of all.toReversed()) await one()
  })
}

/** A directory that is gone after the test. */
export const directoryFor = (context: TestContext): string => {
  const directory = scratch('views')
  atEnd(context, () => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Folds everything there is. */
export const foldAll = async (options: RunnerOptions): Promise<void> => {
  const runner = await Runner.open(options)
  try {
    while (await runner.step());
  } finally {
    runner.close()
  }
}

/** The views of a log with this line in it. */
export const viewsOf = async (context: TestContext, line: string): Promise<ViewReader> => {
  const directory = directoryFor(context)
  const teller = new Teller(openMemoryLog())
  await teller.tell(line)
  await foldAll({ directory, log: teller.log })
  const views = openViews({ directory, log: teller.log })
  atEnd(context, () => views.close())
  return views
}
