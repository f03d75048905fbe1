/** The names of deliveries: the same message and next hop always give the same one, and they sort by time. */
import { hash } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Six characters of chance are enough: they only tell apart the next hops of one message. */
const hopMark = (nextHop: string): string => {
  const digest = hash('sha256', nextHop, 'buffer')
  let mark = ''
  for (let at = 0; at < 6; at++) mark += alphabet[digest[at]! % 32]
  return mark
}

/** The message's id, then six characters from the next hop. */
export const deliveryId = (message: string, nextHop: string): string => `${message}${hopMark(nextHop)}`
