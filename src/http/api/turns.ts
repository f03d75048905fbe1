/** Long answers are made a little at a time: mail comes in on the same thread. */
import { setImmediate as turn } from 'node:timers/promises'

/** Milliseconds. */
const longest = 10

/** The same items, one after the other; whenever they have taken long, everything else has its turn. */
export async function* inTurns<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncGenerator<Item> {
  let since = performance.now()
  for await (const item of items) {
    yield item
    if (performance.now() - since < longest) continue
    await turn()
    since = performance.now()
  }
}
