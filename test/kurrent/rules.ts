/** What a stream's metadata (`$$<stream>`) asks for: which of its events a reader is shown. */

export type StreamRules = {
  readonly maxCount?: number
  /** Seconds. */
  readonly maxAge?: number
  readonly truncateBefore?: number
}

/** The `$tb` of a soft deleted stream, 9223372036854775807, as a double. */
export const softDeleted = 2 ** 63

export const metadataStreamOf = (stream: string): string => `$$${stream}`
/** `orders-1` of `$$orders-1`; undefined for what is no metadata stream. */
export const originalOf = (stream: string): string | undefined =>
  stream.startsWith('$$') ? stream.slice(2) : undefined

const decoder = new TextDecoder()

const parsed = (body: Uint8Array | undefined): Readonly<Record<string, unknown>> => {
  if (body === undefined) return {}
  try {
    const found: unknown = JSON.parse(decoder.decode(body))
    return typeof found === 'object' && found !== null ? { ...found } : {}
  } catch {
    return {} // The server takes metadata that is no JSON, and then goes by none.
  }
}

/** @param body of the last event of the stream's metadata stream */
export const streamRules = (stream: string, body: Uint8Array | undefined): StreamRules => {
  // Of metadata only the last word is shown.
  if (originalOf(stream) !== undefined) return { maxCount: 1 }
  if (body === undefined) return {}
  const { $maxCount, $maxAge, $tb } = parsed(body)
  return {
    ...(typeof $maxCount === 'number' && { maxCount: $maxCount }),
    ...(typeof $maxAge === 'number' && { maxAge: $maxAge }),
    ...(typeof $tb === 'number' && { truncateBefore: $tb }),
  }
}

/** The same metadata with another `$tb`: how a soft deleted stream comes back. */
export const withTruncation = (body: Uint8Array | undefined, truncateBefore: number): string =>
  JSON.stringify({ ...parsed(body), $tb: truncateBefore })

/** The first revision a reader may see of a stream whose last is `last`, by count and truncation; age is looked at event by event. */
export const firstShown = ({ maxCount, truncateBefore = 0 }: StreamRules, last: number): number =>
  Math.max(truncateBefore, maxCount === undefined ? 0 : last - maxCount + 1, 0)

/** Whether an event written at `created` (ticks of 100 ns since 1970) is past its stream's age. */
export const isTooOld = ({ maxAge }: StreamRules, created: bigint, now: number): boolean =>
  maxAge !== undefined && created < BigInt(Math.floor(now - maxAge * 1000)) * 10_000n
