/** How long a bucket is waited for, and how often it is asked again. Milliseconds. */
import { setTimeout as pause } from 'node:timers/promises'
import { isPassing } from './faults.ts'

export type Patience = {
  /** Until a connection stands. */
  readonly connect: number
  /** One try, from its beginning to the head of the answer; and each wait for a piece of a body. */
  readonly attempt: number
  /** All tries of one call together. */
  readonly call: number
  /** Before the second try; doubled for each further one. */
  readonly pause: number
}

/** A client waits ten minutes for the reply to its final dot (RFC 5321 §4.5.3.2.6): the last part, its list and a look at it come to less. */
export const patience: Patience = { connect: 5_000, attempt: 30_000, call: 90_000, pause: 200 }

const attempts = 4

export class TooLong extends Error {
  override readonly name = 'TimeoutError'
}

/** Settles as `wanted`, or rejects when `signal` aborts. What comes afterwards is nobody's. */
export const unless = <Value>(signal: AbortSignal, wanted: Promise<Value>): Promise<Value> => {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    wanted.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

export type Trying = { readonly patience: Patience; readonly signal?: AbortSignal | undefined }

/**
 * Does something that may be done twice, again where that may help: at most four times, with growing pauses.
 * @throws TooLong, the reason of `signal`, or whatever the last try threw
 */
export const tried = async <Value>(
  { patience, signal }: Trying,
  once: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> => {
  const ended = new AbortController()
  const end = (reason: unknown): void => ended.abort(reason)
  const clock = setTimeout(() => end(new TooLong('no answer in time')), patience.call)
  const given = (): void => end(signal?.reason)
  signal?.addEventListener('abort', given, { once: true })
  try {
    signal?.throwIfAborted()
    return await repeated(patience, ended.signal, once)
  } finally {
    clearTimeout(clock)
    signal?.removeEventListener('abort', given)
  }
}

const repeated = async <Value>(
  patience: Patience,
  signal: AbortSignal,
  once: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> => {
  for (let attempt = 1; ; attempt++)
    try {
      return await timed(patience.attempt, signal, once)
    } catch (error) {
      signal.throwIfAborted()
      if (attempt === attempts || !isPassing(error)) throw error
      // By chance, so that many who failed together do not come back together.
      const rest = patience.pause * 2 ** (attempt - 1) * (0.5 + Math.random())
      await unless(signal, pause(rest, undefined, { signal }))
    }
}

/** The client's own time-outs begin late and end early: a request that waits for a connection has none. */
const timed = async <Value>(
  within: number,
  signal: AbortSignal,
  once: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> => {
  const attempt = new AbortController()
  const clock = setTimeout(() => attempt.abort(new TooLong('no answer in time')), within)
  const end = (): void => attempt.abort(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await unless(attempt.signal, once(attempt.signal))
  } finally {
    clearTimeout(clock)
    signal.removeEventListener('abort', end)
  }
}
