/** How much one client asks for. */
import { networkOf } from '../../authentication/network.ts'
import { Tally } from '../../authentication/tally.ts'
import type { Config } from '../../config/schema.ts'
import type { Client } from './client.ts'

/** Clients remembered at most, whoever comes. */
const mostClients = 20_000

/** Null where the client may ask; else after how many seconds again, at most. */
export type Rates = (client: Client, now: number) => number | null

export const ratesOf = ({ http }: Pick<Config, 'http'>): Rates => {
  const { requests, per } = http.rate
  const counts = new Tally({ window: per, most: mostClients })
  return (client, now) =>
    client.isHere || counts.add(networkOf(client.address), now) <= requests ? null : Math.ceil(per / 1000)
}
