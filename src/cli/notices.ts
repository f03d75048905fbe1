/** Notices as lines of JSON: what happened, why, and the ids of what it is about, each under its own name. */
import { type DestinationStream, pino } from 'pino'
import type { Notices } from '../notices.ts'

const asItIs = <Value>(value: Value): Value => value

export const noticesTo = (stream: DestinationStream): Notices => {
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: asItIs } },
    stream,
  )
  return {
    info: (what, about = {}) => logger.info(about, what),
    warn: (what, error, about = {}) =>
      logger.warn({ ...about, ...(error && { err: { type: error.name, message: error.message } }) }, what),
  }
}
