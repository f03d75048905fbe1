/** The names of all facts, for those who type one. */
import { factNames, isFactName } from '../../machines/vocabulary/fact-names.ts'
import { nearest } from '../config/words.ts'
import type { LogReader } from '../log/port.ts'
import { CommandFault } from './fault.ts'

/** Histories of other releases may have types that this one does not know. */
const isInLog = async (log: Pick<LogReader, 'readAll'>, type: string): Promise<boolean> => {
  for await (const page of log.readAll(0, { filter: { types: [type] }, limit: 1 }))
    if (page.length > 0) return true
  return false
}

/** @throws CommandFault for a type that this release does not know and the log does not have */
export const checkTypes = async (
  asked: readonly string[],
  log: Pick<LogReader, 'readAll'>,
): Promise<void> => {
  for (const type of asked) {
    if (isFactName(type) || (await isInLog(log, type))) continue
    const near = nearest(type, factNames)
    throw new CommandFault(
      `there is no event type ${type}; ${near === null ? `there are ${factNames.join(', ')}` : `did you mean ${near}?`}`,
    )
  }
}
