/** One question to one server: over UDP, over TCP where the answer does not fit. */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { isAnswerTo, isTruncated, type Query } from './messages.ts'
import type { DnsCode } from './port.ts'
import type { NameServer } from './servers.ts'

/** There is no message that answers. */
export class Unanswered extends Error {
  readonly code: DnsCode
  constructor(code: DnsCode) {
    super(code)
    this.code = code
  }
}

export type Exchange = {
  readonly server: NameServer
  readonly query: Query
  /** Ends it; nothing is closed or freed before. */
  readonly signal: AbortSignal
}

/** Messages to our port that answer nothing we asked: beyond this, somebody is guessing, and TCP cannot be guessed (RFC 5452 §9.3). */
const mostStrays = 20

type End = {
  readonly answered: (answer: Buffer) => void
  readonly failed: (code: DnsCode) => void
}

/** `begin` starts something and says how it is ended; it is ended once, whatever happens. */
const once = (signal: AbortSignal, begin: (end: End) => () => void): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let close: (() => void) | null = null
    const leave = (settle: () => void) => {
      signal.removeEventListener('abort', taken)
      const closing = close
      close = null
      closing?.()
      settle()
    }
    const failed = (code: DnsCode) => leave(() => reject(new Unanswered(code)))
    const taken = () => failed('ECANCELLED')
    if (signal.aborted) return taken()
    signal.addEventListener('abort', taken)
    close = begin({ answered: (answer) => leave(() => resolve(answer)), failed })
  })

/** A fresh socket for each question: its port is one that nobody can know (RFC 5452 §9.2), and others' messages do not reach it. */
const overUdp = ({ server, query, signal }: Exchange): Promise<Buffer | 'suspicious'> => {
  let strays = 0
  const suspicious = Buffer.alloc(0)
  const answer = once(signal, ({ answered, failed }) => {
    const socket = createSocket(server.family === 6 ? 'udp6' : 'udp4')
    socket.on('error', () => failed('ECONNREFUSED'))
    socket.on('message', (message) => {
      if (isAnswerTo(query, message)) answered(message)
      else if (++strays > mostStrays) answered(suspicious)
    })
    socket.on('connect', () => socket.send(query.message))
    socket.connect(server.port, server.address)
    return () => socket.close()
  })
  return answer.then((message) => (message === suspicious ? 'suspicious' : message))
}

/** RFC 7766 §8: the length and the message are sent at once. */
const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

const overTcp = ({ server, query, signal }: Exchange): Promise<Buffer> =>
  once(signal, ({ answered, failed }) => {
    const socket = connect({ port: server.port, host: server.address, noDelay: true })
    const chunks: Buffer[] = []
    let size = 0
    let wanted = 2
    const read = (): void => {
      const octets = Buffer.concat(chunks)
      wanted = 2 + (octets.length < 2 ? 0 : octets.readUInt16BE(0))
      if (octets.length < wanted || octets.length < 2) return
      const message = octets.subarray(2, wanted)
      if (isAnswerTo(query, message)) answered(message)
      else failed('EBADRESP')
    }
    socket.on('connect', () => socket.write(framed(query.message)))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= wanted) read()
    })
    socket.on('error', () => failed('ECONNREFUSED'))
    socket.on('close', () => failed('EBADRESP'))
    return () => socket.destroy()
  })

/** The message that answers. @throws Unanswered */
export const exchange = async (asking: Exchange): Promise<Buffer> => {
  const answer = await overUdp(asking)
  // RFC 7766 §5
  return answer === 'suspicious' || isTruncated(answer) ? overTcp(asking) : answer
}
