/** TLS over a connection that exists (RFC 3207, RFC 8314), and what was agreed. */
import { isIP, type Socket } from 'node:net'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { domainToASCII } from 'node:url'
import type { RemoteHost, TlsFacts } from '../../../machines/vocabulary/events.ts'
import { checkName } from '../certificate-name.ts'
import { inWords } from '../network-words.ts'
import { failed, type WireFaultKind } from './faults.ts'

export type Handshake = {
  readonly host: RemoteHost
  /** The certificate must be valid: of an authority we know, in time, and for the host's name. What it is else is only noted. */
  readonly verified: boolean
  /** Authorities in PEM, instead of those Node knows. */
  readonly ca?: string | undefined
  readonly within: number
  readonly signal: AbortSignal
  /** `connect` or `STARTTLS`. */
  readonly during: string
}

/** `mx.example.net.` and `[192.0.2.1]` as a certificate spells them. */
const certified = (name: string): string => {
  const plain = name.replace(/^\[(?:ipv6:)?(.*)\]$/i, '$1').replace(/\.$/, '')
  return isIP(plain) !== 0 ? plain : domainToASCII(plain) || plain
}

const parameters = (socket: Socket, { host, verified, ca }: Handshake) => {
  const name = certified(host.name)
  return {
    socket,
    // Whom the certificate is for.
    host: name,
    // RFC 6066 §3: never an address.
    ...(isIP(name) === 0 && { servername: name }),
    rejectUnauthorized: verified,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) => checkName(name, certificate),
    ...(ca !== undefined && { ca }),
  }
}

/** @throws HostFailed `tls-failed`, `certificate-invalid`, or `stopped` */
export const handshake = (socket: Socket, options: Handshake): Promise<TLSSocket> => {
  const { during, within, signal, verified } = options
  if (signal.aborted) {
    socket.destroy()
    return Promise.reject(failed({ kind: 'stopped', during }))
  }
  const secure = connect(parameters(socket, options))
  // As in `reach`: somebody listens while somebody speaks.
  secure.on('error', () => {})
  return new Promise((resolve, reject) => {
    const giveUp = (kind: WireFaultKind, text?: string): void => {
      over()
      secure.destroy()
      socket.destroy()
      reject(failed({ kind, during, ...(text !== undefined && { text }) }))
    }
    const fail = (why: string): void =>
      secure.authorizationError && verified
        ? giveUp('certificate-invalid', `the certificate of this host is not valid: ${why}`)
        : giveUp('tls-failed', `no TLS with this host: ${why}`)
    const onAbort = (): void => giveUp('stopped')
    const onError = (error: Error): void => fail(inWords(error, 'the handshake failed'))
    const onClose = (): void => fail('the connection was closed during the handshake')
    const onSecure = (): void => {
      over()
      resolve(secure)
    }
    const clock = setTimeout(() => fail(`no handshake within ${within / 1000} s`), within)
    const over = (): void => {
      clearTimeout(clock)
      signal.removeEventListener('abort', onAbort)
      secure.off('error', onError).off('close', onClose).off('end', onClose).off('secureConnect', onSecure)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    secure.on('error', onError).on('close', onClose).on('end', onClose).on('secureConnect', onSecure)
  })
}

const wrongWith = ({ authorizationError: error }: TLSSocket): string =>
  // Node gives a code, whatever its types say.
  String(error instanceof Error ? error.message : error).slice(0, 300)

export const tlsFacts = (socket: TLSSocket, host: RemoteHost): TlsFacts => {
  const name = certified(host.name)
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    servername: isIP(name) === 0 ? name : null,
    certificate: socket.authorized ? 'valid' : wrongWith(socket),
  }
}
