/**
 * From an address that was given to those who get the mail, and from these to what is sent where: an alias is replaced by
 * what it stands for when it is accepted, and what leaves is told apart by next hop and alias.
 */
import { isAscii } from './address.ts'
import type {
  AcceptedRecipient,
  DeliveryRecipient,
  Destination,
  Place,
  ReceiptKind,
  RecipientNotification,
} from './events.ts'

/** Mail that was accepted is in a mailbox here, or goes on. */
export const destinationOf = (place: Exclude<Place, { readonly kind: 'alias' }>): Destination =>
  place.kind === 'mailbox'
    ? { kind: 'mailbox', mailbox: place.mailbox }
    : { kind: 'nextHop', nextHop: place.kind === 'foreign' ? place.nextHop : place.domain }

/** Mail that a rule of the policy tagged lies aside. */
export const junkOf = (mailbox: string): string => `${mailbox}/Junk`
/** Where mail for a mailbox is filed. */
export const folderFor = (mailbox: string, { tags = [] }: { readonly tags?: readonly string[] }): string =>
  tags.length > 0 ? junkOf(mailbox) : mailbox

// RFC 3461 §4.2: reports name the address that the sender wrote; RFC 6533 §3 has a type for those beyond ASCII.
const originalOf = (address: string): string => `${isAscii(address) ? 'rfc822' : 'utf-8'};${address}`

/**
 * RFC 3461 §5.2.7.3: that each of several got it is no answer to the question whether one did, and would name them all to
 * whoever asks.
 */
const withoutSuccess = (notify: RecipientNotification['notify']): RecipientNotification['notify'] => {
  const left = notify?.filter((keyword) => keyword !== 'SUCCESS')
  return left?.length === 0 ? ['NEVER'] : left
}

/** What of `NOTIFY=SUCCESS` can be answered as soon as the mail is accepted; what leaves is answered for when it has left. */
const receiptFor = (
  notify: RecipientNotification['notify'],
  { kind }: Destination,
  { isOneOfSeveral }: { readonly isOneOfSeveral: boolean },
): { readonly receipt?: ReceiptKind } => {
  if (!notify?.includes('SUCCESS')) return {}
  // RFC 3461 §5.2.7.3
  if (isOneOfSeveral) return { receipt: 'expanded' }
  // RFC 3461 §5.2.3, and of an alias of one §5.2.7.2: nothing is said of the alias itself.
  return kind === 'mailbox' ? { receipt: 'delivered' } : {}
}

/** Who gets the mail for `recipient`, which has this place: itself, or each address its alias stands for. */
export const recipientsFor = (
  recipient: string,
  place: Place,
  { notify, orcpt }: RecipientNotification = {},
): readonly AcceptedRecipient[] => {
  if (place.kind !== 'alias') {
    const destination = destinationOf(place)
    return [
      {
        ...{ address: recipient, destination },
        ...(notify && { notify }),
        ...(orcpt && { orcpt }),
        ...receiptFor(notify, destination, { isOneOfSeveral: false }),
      },
    ]
  }
  const { alias, targets } = place
  const isOneOfSeveral = targets.length > 1
  const asked = isOneOfSeveral ? withoutSuccess(notify) : notify
  // RFC 5321 §3.9.1: only the address in the envelope changes.
  return targets.map(({ address, destination }) => ({
    ...{ address, destination },
    ...(asked && { notify: asked }),
    ...{ orcpt: orcpt ?? originalOf(recipient), alias },
    ...receiptFor(notify, destination, { isOneOfSeveral }),
    ...(recipient !== alias && { given: recipient }),
  }))
}

/** What the client said after RCPT TO. */
export const givenAddress = ({
  address,
  alias,
  given,
}: Pick<AcceptedRecipient, 'address' | 'alias' | 'given'>): string => given ?? alias ?? address

/** The addresses that were given, in their order; an alias once, whatever it stands for. */
export const givenAddresses = (recipients: readonly AcceptedRecipient[]): readonly string[] => {
  const aliases = new Set<string>()
  return recipients.flatMap((recipient) => {
    const given = givenAddress(recipient)
    if (recipient.alias === undefined) return [given]
    if (aliases.has(given)) return []
    aliases.add(given)
    return [given]
  })
}

/** One mail that leaves. */
export type Onward = {
  readonly nextHop: string
  /** The alias for which it is forwarded; null for mail that was addressed so. */
  readonly forwarder: string | null
  readonly recipients: readonly DeliveryRecipient[]
}

const nothing: readonly Onward[] = Object.freeze([])

/**
 * What leaves of a message: by next hop, and mail for an alias apart from all other, since it has a sender and a trace of its
 * own. An address named twice, by itself or by aliases, gets the mail once: hosts may refuse the second naming.
 */
export const onwardOf = (recipients: readonly AcceptedRecipient[]): readonly Onward[] => {
  // Most mail stays here.
  if (recipients.every(({ destination }) => destination.kind === 'mailbox')) return nothing
  const named = new Set<string>()
  const ways = new Map<string, Onward & { readonly recipients: DeliveryRecipient[] }>()
  for (const { address, destination, alias: forwarder = null, notify, orcpt } of recipients) {
    if (destination.kind !== 'nextHop') continue
    const { nextHop } = destination
    if (named.has(`${nextHop} ${address}`)) continue
    named.add(`${nextHop} ${address}`)
    const recipient = { address, ...(notify && { notify }), ...(orcpt && { orcpt }) }
    const way = ways.get(`${nextHop} ${forwarder ?? ''}`)
    if (way) way.recipients.push(recipient)
    else ways.set(`${nextHop} ${forwarder ?? ''}`, { nextHop, forwarder, recipients: [recipient] })
  }
  return [...ways.values()]
}
