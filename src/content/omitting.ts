/** Content without some of its octets: fields in which somebody else wrote our name (RFC 8601 §5). */

type Ranges = readonly (readonly [start: number, end: number])[]

/** `ranges` ascend, in octets of the whole. The pieces share the memory of those that came. */
export async function* omitting(
  content: AsyncIterable<Uint8Array>,
  ranges: Ranges = [],
): AsyncGenerator<Uint8Array> {
  let at = 0
  let next = 0
  for await (const piece of content) {
    const end = at + piece.length
    let from = at
    for (; next < ranges.length && ranges[next]![0] < end; next++) {
      const [start, stop] = ranges[next]!
      if (start > from) yield piece.subarray(from - at, start - at)
      from = Math.max(from, Math.min(stop, end))
      if (stop > end) break
    }
    if (from < end) yield piece.subarray(from - at)
    at = end
  }
}
