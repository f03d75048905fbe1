/** Work with an end. */

export type InTime = {
  /** Milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

/** Does `work` with a signal that ends it after `timeout`, or when `signal` does. */
export const inTime = async <Result>(
  { timeout, signal }: InTime,
  work: (ended: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const ended = new AbortController()
  const end = () => ended.abort()
  const timer = setTimeout(end, timeout)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  try {
    return await work(ended.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
}
