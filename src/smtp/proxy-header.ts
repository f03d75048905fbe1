/** Reads the header with which a trusted proxy begins, before anybody else sees the socket. */
import type { Socket } from 'node:net'
import { mayBeProxyHeader, parseProxyHeader } from './proxy-protocol.ts'

export type ProxySource = { readonly address: string; readonly port: number } | null
/** `none`: the peer began without a header, which it may where one is only possible. */
export type ProxyBeginning =
  | { readonly kind: 'header'; readonly source: ProxySource }
  | { readonly kind: 'none' }

/** How long a trusted proxy may take for its header, in milliseconds. */
const patience = 10_000
/** How long a peer that may also speak for itself is waited for: it waits for our greeting. */
const shortPatience = 500

type Options = {
  /** Without: whoever begins otherwise, or waits, is taken as a client of its own. */
  readonly required: boolean
}

/** What came after the header is left in the socket. @throws Error for no header, or one that cannot be understood */
export const readProxyHeader = (socket: Socket, { required }: Options): Promise<ProxyBeginning> =>
  new Promise((resolve, reject) => {
    let gathered: Buffer = Buffer.alloc(0)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      socket.off('data', read).off('close', closed).off('error', closed)
      socket.pause()
      act()
    }
    const goOn = (beginning: ProxyBeginning, length: number) =>
      settle(() => {
        if (length < gathered.length) socket.unshift(gathered.subarray(length))
        resolve(beginning)
      })
    const fail = (why: string) => settle(() => reject(new Error(why)))
    const closed = () => fail('the connection ended before the header did')
    const read = (chunk: Buffer) => {
      gathered = Buffer.concat([gathered, chunk])
      if (!required && !mayBeProxyHeader(gathered)) {
        goOn({ kind: 'none' }, 0)
        return
      }
      const header = parseProxyHeader(gathered)
      if (header.kind === 'invalid') fail(header.why)
      else if (header.kind === 'header') goOn({ kind: 'header', source: header.source }, header.length)
    }
    const late = () => {
      if (required || gathered.length > 0) fail('the header took too long')
      else goOn({ kind: 'none' }, 0)
    }
    const timer = setTimeout(late, required ? patience : shortPatience)
    socket.on('data', read).on('close', closed).on('error', closed)
  })
