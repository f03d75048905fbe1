/** For what says nothing when it happens: files, other processes, pages of a view. Where there is an event or a promise, wait for that. */

/** Polls until `found` gives something else than undefined or false. The time is for machines that are slow or busy: nothing is measured by it. */
export const eventually = async <Value>(
  found: () => Promise<Value | undefined | false> | Value | undefined | false,
  { within = 60_000, what = 'it' }: { readonly within?: number; readonly what?: string } = {},
): Promise<Value> => {
  const deadline = performance.now() + within
  for (;;) {
    const value = await found()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${within} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
