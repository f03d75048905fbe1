/** A connection to one address, or why there is none. */
import { connect, type Socket } from 'node:net'
import type { RemoteHost } from '../../../machines/vocabulary/events.ts'
import { inWords } from '../network-words.ts'
import { failed, type WireFaultKind } from './faults.ts'

const kinds: Readonly<Record<string, WireFaultKind>> = {
  ECONNREFUSED: 'connection-refused',
  ETIMEDOUT: 'connection-timeout',
  ECONNRESET: 'connection-lost',
}

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.message

const during = 'connect'

/** Its errors are told to whoever speaks over it; one that comes when nobody does is no news. */
const mute = (socket: Socket): Socket => socket.on('error', () => {})

/** `within` milliseconds. @throws HostFailed */
export const reach = (
  { address, port }: RemoteHost,
  { within, signal }: { readonly within: number; readonly signal: AbortSignal },
): Promise<Socket> => {
  if (signal.aborted) return Promise.reject(failed({ kind: 'stopped', during }))
  const at = `${address} port ${port}`
  const socket = mute(connect({ host: address, port, noDelay: true, autoSelectFamily: false }))
  return new Promise((resolve, reject) => {
    const giveUp = (kind: WireFaultKind, text: string): void => {
      over()
      socket.destroy()
      reject(failed({ kind, during, text }))
    }
    const onAbort = (): void => giveUp('stopped', `stopped while connecting to ${at}`)
    const onConnect = (): void => {
      over()
      resolve(socket)
    }
    const onError = (error: Error): void =>
      giveUp(kinds[codeOf(error)] ?? 'host-unreachable', `cannot connect to ${at}: ${inWords(error)}`)
    const clock = setTimeout(
      () => giveUp('connection-timeout', `no connection to ${at} within ${within / 1000} s`),
      within,
    )
    const over = (): void => {
      clearTimeout(clock)
      signal.removeEventListener('abort', onAbort)
      socket.off('connect', onConnect).off('error', onError)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('connect', onConnect).on('error', onError)
  })
}

/** Traffic to it does not leave this machine. */
export const isLoopback = ({ address }: RemoteHost): boolean =>
  /^(?:::ffff:)?127\./i.test(address) || address === '::1'
