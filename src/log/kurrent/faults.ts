/** What goes wrong between us and the server, sorted by what is to be done about it. */

import { setTimeout as pause } from 'node:timers/promises'
import { AccessDeniedError, NotLeaderError } from '@kurrent/kurrentdb-client'
import { LogUnavailable } from '../port.ts'
import type { Endpoint } from './address.ts'

export class TookTooLong extends Error {
  override readonly name = 'TookTooLong'
}

/**
 * The result, or TookTooLong. The client does not keep its deadlines; what it answers later is passed over.
 */
export const within = async <T>(work: Promise<T>, limit: number, what: string): Promise<T> => {
  // A late rejection has nobody else.
  work.catch(() => {})
  const over = new AbortController()
  const late = pause(limit, undefined, { signal: over.signal }).then(() => {
    throw new TookTooLong(`${what} took longer than ${limit} ms`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
  }
}

/** Many of the client's errors have no message. */
export const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const type = 'type' in error && typeof error.type === 'string' ? error.type : error.name
  const details = 'details' in error && typeof error.details === 'string' ? error.details : ''
  const said = [error.message, details, type].find((text) => text !== '') ?? 'unknown fault'
  // gRPC puts a heading there also where nothing follows.
  return said.replace(/\.? Resolution note: *$/, '')
}

/** This server takes no appends, and says which one does. */
export class LedElsewhere extends LogUnavailable {
  readonly leader: Endpoint
  constructor(message: string, leader: Endpoint) {
    super(message)
    this.leader = leader
  }
}

export const leaderOf = (error: unknown): Endpoint | null => {
  if (error instanceof LedElsewhere) return error.leader
  return error instanceof NotLeaderError ? { host: error.leader.address, port: error.leader.port } : null
}

/** Nothing that a new connection could mend. */
export const isRefusal = (error: unknown): boolean => error instanceof AccessDeniedError

export const unavailable = (error: unknown): LogUnavailable =>
  error instanceof LogUnavailable ? error : new LogUnavailable(textOf(error), { cause: error })
