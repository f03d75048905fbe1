/** One append on its way: what is sent, and who waits for it. */
import { newCorrelation, requestFor, type Wanted } from './request.ts'

export type Stored = { readonly position: number }

export type Job = {
  /** The name in the database. */
  readonly stream: string
  readonly expected: number
  readonly ids: readonly string[]
  readonly correlation: number
  readonly request: Buffer
  readonly size: number
  /** When it was taken, and when it was sent last; milliseconds of the process's clock. */
  readonly since: number
  sent: number
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: Error) => void
}

type Settle = { readonly resolve: (stored: Stored) => void; readonly reject: (error: Error) => void }

export const jobFor = (
  wanted: Wanted,
  { size, timeout, settle }: { readonly size: number; readonly timeout: number; readonly settle: Settle },
): Job => {
  const { stream, expected, events } = wanted
  const correlation = newCorrelation()
  return {
    ...{ stream, expected, ids: events.map(({ id }) => id) },
    ...{ correlation, request: requestFor(wanted, { correlation, timeout }) },
    ...{ size, since: performance.now(), sent: 0 },
    ...settle,
  }
}
