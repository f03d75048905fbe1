/** Where in the log a time begins, so that what came before need not be read. */
import type { LogReader } from '../log/port.ts'

/** Facts of one moment may stand in the log some time apart. Milliseconds. */
const margin = 60_000
const stretches = 32

/** When the event after a position happened; Infinity where there is none. */
const timeAfter = async (log: Pick<LogReader, 'readAll'>, position: number): Promise<number> => {
  for await (const [first] of log.readAll(position, { limit: 1 })) if (first) return first.at
  return Number.POSITIVE_INFINITY
}

/**
 * A position up to which nothing happened at or after `time`, in milliseconds since 1970. Times ascend with positions, but where
 * histories were imported: so the log is looked at in many places first, and the first stretch that may hold the time is searched.
 * 0, the beginning, where positions cannot be reckoned with.
 */
export const beginningOf = async (
  log: Pick<LogReader, 'readAll' | 'tail' | 'spacing'>,
  time: number,
): Promise<number> => {
  if (log.spacing !== undefined) return 0
  const tail = await log.tail()
  const wanted = time - margin
  let low = 0
  let high = tail
  for (let at = 0; at < stretches; at++) {
    const place = Math.floor((tail * at) / stretches)
    if ((await timeAfter(log, place)) < wanted) low = place
    else {
      high = place
      break
    }
  }
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2)
    if ((await timeAfter(log, middle)) < wanted) low = middle
    else high = middle
  }
  return low
}
