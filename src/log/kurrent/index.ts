/** The engine on EventStoreDB / KurrentDB. Its client is loaded when it is wanted, and not before. */
import type { EventLog } from '../port.ts'
import type { KurrentOptions } from './options.ts'

export { isKurrentAddress, KurrentAddressFault, namedHosts, readAddress } from './address.ts'
export type { KurrentOptions } from './options.ts'

/**
 * Connects, and proves that the server answers, is new enough, and lets us in.
 * @throws KurrentAddressFault, LogUnavailable naming host and port, never the password
 */
export const openKurrentLog = async (options: KurrentOptions): Promise<EventLog> => {
  const { connectLog } = await import('./log.ts')
  return connectLog(options)
}
