/** Connections that never became a conversation leave a history, too: who came, and why nothing came of it. */
import type { Socket } from 'node:net'
import { session } from '../../machines/session/index.ts'
import type { SessionInput, SilentDoor } from '../../machines/session/inputs.ts'
import { ActorHost } from '../actors/host.ts'
import { newId } from '../actors/identity.ts'
import { plainAddress } from './peer-address.ts'
import type { Reception } from './reception.ts'

type End = { readonly address: string; readonly port: number }
/** Both ends of a connection, asked for while it lasts: a closed socket has forgotten them. */
export type Ends = { readonly local: End; readonly peer: End }

export const endsOf = (socket: Socket): Ends => ({
  local: { address: plainAddress(socket.localAddress), port: socket.localPort ?? 0 },
  peer: { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 },
})

/** The id of the session it is kept under. */
export const recordUnmet = ({ local, peer }: Ends, door: SilentDoor, reception: Reception): string => {
  const { policy, policyHash, outbox, node, complain } = reception
  const nothing = (): void => {}
  const id = newId()
  const host = new ActorHost({
    module: session,
    id,
    input: { policy },
    outbox,
    node,
    perform: nothing,
    passed: nothing,
    failed: (error) => complain('the history of a connection could not be kept', error, { session: id }),
  })
  const opening: SessionInput = {
    type: 'OPEN',
    service: policy.service,
    local,
    peer: { ...peer, name: null },
    proxy: null,
    tls: null,
    policy: policyHash,
    trusted: false,
    node,
    door,
  }
  host.send(opening)
  return id
}
