/** Long made-up histories, the same for the same seed. */

/** Mulberry32: small, seeded, good enough to choose words. */
const chance = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Several sessions at once, each a few transactions long, in the words of `marbles.ts`. */
export const story = ({ seed, sessions }: { readonly seed: number; readonly sessions: number }): string => {
  const next = chance(seed)
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!
  const mailbox = () => one(['a@x', 'b@x', 'c@x', 'a+tag@x=a@x', 'd@y=>hop.y', 'sales@x=b@x'])
  let message = 0
  const transaction = () =>
    one([
      () => ['mail', 'rcpt(a@x)', 'data', `accept(t${message++} ${mailbox()} ${mailbox()})`],
      () => ['mail', 'norcpt', 'rcpt(b@x)', 'data', `accept(t${message++} ${mailbox()})`],
      () => ['mail', 'norcpt', 'rset'],
      () => ['nomail', 'noop', 'wrong'],
      () => ['mail', 'rcpt(c@x)', 'data', 'reject'],
    ])()
  const life = (name: string): string[] => {
    const words = [
      'open',
      'ehlo',
      ...transaction(),
      ...(next() < 0.5 ? transaction() : []),
      one(['quit', 'end', 'end(timeout)', 'noop']),
    ]
    return words.map((word) => `${name}:${word}`)
  }
  const lives = Array.from({ length: sessions }, (_, at) => life(`s${at}`))
  const told: string[] = []
  while (lives.length > 0) {
    const at = Math.floor(next() * Math.min(lives.length, 5))
    told.push(lives[at]!.shift()!)
    if (lives[at]!.length === 0) lives.splice(at, 1)
  }
  return told.join(' ')
}
