/** What an id stands for, in a line that tells it from others which look alike. */
import type { Found } from '../views/answers/found.ts'

/** `a@example.net`, or `a@example.net +2`. */
export const several = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? first : `${first} +${others.length}`

export const aboutFound = ({ kind, one }: Found): string => {
  switch (kind) {
    case 'delivery': {
      const addresses = one.recipients.map(({ address }) => address)
      return `delivery to ${one.nextHop} for ${several(addresses)}, ${one.status}, queued ${one.queuedAt}`
    }
    case 'message':
      return `message from <${one.sender}> to ${several(one.recipients)}, accepted ${one.acceptedAt}`
    case 'session':
      return `session with ${one.peer.address}, opened ${one.openedAt}`
    default:
      return kind satisfies never
  }
}
