/** What a torture of deliveries came to: who got which mail how often, and who was told of what was refused. */
import type { Received } from '../journeys/far-host.ts'
import { isRefused, type Load } from './delivery-load.ts'

/** Of `deliveries --json`. */
export type DeliveryLine = {
  readonly id: string
  readonly message: string
  readonly sender: string
  readonly status: string
  readonly uncertain: number
  readonly recipients: readonly { readonly address: string; readonly status: string }[]
}

export type Judgement = {
  /** Recipients of acknowledged mails who never got theirs. Must be 0. */
  readonly lost: number
  /** Recipients who got a mail more than once whose history says that they may. */
  readonly twiceMarked: number
  /** The same where the history says nothing of it. Must be 0. */
  readonly twiceUnmarked: number
  /** Deliveries whose history says that their mail may have arrived more than once. */
  readonly marked: number
  /** Recipients that were refused while somebody wanted to hear of it. */
  readonly refused: number
  /** Of these, those nobody was told of. Must be 0. */
  readonly untold: number
  /** Notices too many: a second one for a recipient, or one about somebody who was not refused. Must be 0. */
  readonly toldTooOften: number
}

/** Final-Recipient of each that failed, in every notice (RFC 3464 §2.3). */
export const failedIn = (notice: string): readonly string[] =>
  notice
    .split(/\r\n\r\n/)
    .filter((fields) => /^Action: *failed\r?$/im.test(fields))
    .flatMap((fields) => /^Final-Recipient: *rfc822; *(\S+)/im.exec(fields)?.[1] ?? [])

const countOf = (keys: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** Recipients whose sender is to hear that they were refused (RFC 5321 §4.5.5: the null sender is not). */
export const refusedOf = (deliveries: readonly DeliveryLine[]): readonly string[] =>
  deliveries
    .filter(({ sender }) => sender !== '')
    .flatMap(({ recipients }) =>
      recipients.filter(({ status }) => status === 'failed').map(({ address }) => address),
    )

/** Every address has its mail's mark in it, so that an address names a mail, too. */
export const judge = (
  load: Load,
  received: readonly Received[],
  deliveries: readonly DeliveryLine[],
  notices: readonly string[],
): Judgement => {
  const arrivals = countOf(received.flatMap(({ recipients }) => recipients))
  const promised = [...load.acknowledged.values()].flatMap(({ recipients }) => recipients)
  const unsure = deliveries.filter(({ uncertain }) => uncertain > 0)
  const mayBeTwice = new Set(unsure.flatMap(({ recipients }) => recipients.map(({ address }) => address)))
  const twice = [...arrivals].filter(([, count]) => count > 1).map(([address]) => address)
  const refused = new Set(refusedOf(deliveries))
  const told = countOf(notices.flatMap(failedIn))
  const tooOften = [...told].map(([address, count]) => count - Number(refused.has(address)))
  return {
    lost: promised.filter((address) => !isRefused(address) && !arrivals.has(address)).length,
    twiceMarked: twice.filter((address) => mayBeTwice.has(address)).length,
    twiceUnmarked: twice.filter((address) => !mayBeTwice.has(address)).length,
    marked: unsure.length,
    refused: refused.size,
    untold: [...refused].filter((address) => !told.has(address)).length,
    toldTooOften: tooOften.reduce((sum, count) => sum + count, 0),
  }
}
