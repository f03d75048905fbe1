/** What XCLIENT's attributes mean for a session (https://www.postfix.org/XCLIENT_README.html). */
import type { Renamed } from '../../machines/session/inputs.ts'
import type { Reception } from './reception.ts'
import { parseXclient } from './xclient.ts'

type Connected = { readonly remoteAddress: string; readonly remotePort: number }

/** Null where the attributes cannot be understood. What is not named stays as the connection has it. */
export const renamedBy = (
  argument: string,
  { addressesOf }: Pick<Reception, 'addressesOf'>,
  { remoteAddress, remotePort }: Connected,
): Renamed | null => {
  const parsed = parseXclient(argument)
  if (!parsed.ok) return null
  const { addr, port, name, helo, login } = parsed.attributes
  const peer = { address: addr ?? remoteAddress, port: port ?? remotePort, name: name ?? null }
  const user = login ?? null
  const addresses = user === null ? [] : addressesOf(user)
  // A proxy may vouch for accounts we have, and for no others.
  if (user !== null && addresses.length === 0) return null
  return { peer, helo: helo ?? null, user, addresses }
}
