/** The names of deliveries: the same message always gives the same ones, and they sort by time. */
import { hash } from 'node:crypto'
import type { Onward } from '../../machines/vocabulary/recipients.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

const markLength = 6

/** Six characters of chance: they tell apart what leaves of one message, and mostly its delivery from all others by its end. */
const markOf = (text: string): string => {
  const digest = hash('sha256', text, 'buffer')
  let mark = ''
  for (let at = 0; at < markLength; at++) mark += alphabet[digest[at]! % 32]
  return mark
}

/** The message that a delivery is of. */
export const messageOf = (delivery: string): string => delivery.slice(0, -markLength)

/** What leaves of a message, by where it goes and for whom it is forwarded. */
export const wayText = ({ nextHop, forwarder }: Pick<Onward, 'nextHop' | 'forwarder'>): string =>
  forwarder === null ? nextHop : `${nextHop} ${forwarder}`

/**
 * The message's id, then six characters from that id, the next hop and the alias; given for all that leaves of the message, in its order,
 * since two must not get the same name, however long the odds: the second would be taken for done.
 */
export const deliveryIds = (message: string, onward: readonly Onward[]): readonly string[] => {
  const marks = new Set<string>()
  return onward.map((way) => {
    const text = `${message} ${wayText(way)}`
    let mark = markOf(text)
    for (let turn = 1; marks.has(mark); turn++) mark = markOf(`${text} ${turn}`)
    marks.add(mark)
    return `${message}${mark}`
  })
}
