/** How a session begins: who came, where to, by which way, under which policy. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Door, InputOf } from '../../machines/session/inputs.ts'
import type { TlsFacts } from '../../machines/vocabulary/events.ts'
import type { FsmtpConnection } from './connection.ts'

/** The proxy that brought a client with a PROXY header, or null. */
export type ProxyFacts = { readonly address: string; readonly protocol: 'proxy' } | null

export const tlsFacts = (socket: Socket | TLSSocket): TlsFacts => {
  if (!('getCipher' in socket)) return { version: '', cipher: '', servername: null }
  const servername =
    'servername' in socket && typeof socket.servername === 'string' ? socket.servername : null
  return { version: socket.getProtocol() ?? '', cipher: socket.getCipher()?.name ?? '', servername }
}

export const openingOf = (connection: FsmtpConnection, door: Door): InputOf<'OPEN'> => {
  const { reception, proxy, localAddress, localPort, remoteAddress, remotePort } = connection
  return {
    type: 'OPEN',
    service: reception.policy.service,
    local: { address: localAddress, port: localPort },
    peer: { address: remoteAddress, port: remotePort, name: null },
    proxy,
    tls: connection.secure ? tlsFacts(connection._socket) : null,
    policy: reception.policyHash,
    trusted: reception.mayRename(remoteAddress),
    node: reception.node,
    door,
  }
}
