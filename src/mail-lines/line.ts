/** One line, and the fact it tells of. */
import type { EventOf } from '../../machines/vocabulary/events.ts'

/** A fact as it goes to the log. */
export type Told = {
  readonly [Name in EventOf['type']]: Pick<EventOf<Name>, 'type' | 'data' | 'at'>
}[EventOf['type']]

export type Line = {
  /** The same words for the same kind of line. */
  readonly what: string
  readonly about: Readonly<Record<string, unknown>>
}

/** Addresses of one line; a mail may have a thousand. */
const mostAddresses = 20

/** The first of them, and how many there are. */
export const addressesIn = (
  all: readonly string[],
): { readonly recipients: readonly string[]; readonly recipientCount: number } => ({
  recipients: all.slice(0, mostAddresses),
  recipientCount: all.length,
})
