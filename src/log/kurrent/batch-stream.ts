/**
 * One stream of appends, and their answers, as gRPC puts it on HTTP/2 (PROTOCOL-HTTP2.md of gRPC): a byte that says "not
 * compressed", four of length, the message, and the next. What many sessions append in one turn of the loop leaves in one piece. Through the
 * client's channel each message went alone, past nine layers.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { LogUnavailable } from '../port.ts'
import { readAnswer, type Said } from './answer.ts'
import { LedElsewhere } from './faults.ts'
import type { Pulse } from './options.ts'
import type { Secure } from './secure.ts'

export type Listener = {
  readonly said: (said: Said) => void
  /** Once, when nothing will come any more. */
  readonly gone: (error: Error) => void
}

export type BatchPlace = {
  /** `host:port`. */
  readonly at: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[]>>
  /** Null for a server without TLS. */
  readonly secure: Secure | null
  readonly pulse: Pulse
  /** How long connecting may take, in milliseconds. */
  readonly within: number
}

const prefix = 5
/** Answers are small; a length beyond this is none. */
const longest = 17 * 1024 * 1024

export class BatchStream {
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  #gathered: Buffer[] = []
  #unread: Buffer = Buffer.alloc(0)
  #listener: Listener | null = null
  #over: Error | null = null
  readonly #beat: NodeJS.Timeout | null

  private constructor(session: ClientHttp2Session, { path, headers, pulse }: BatchPlace) {
    this.#session = session
    this.#stream = session.request({
      ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
      ...headers,
    })
    for (const emitter of [session, this.#stream])
      emitter.on('error', (error: Error) => this.#end(unreachable(error)))
    for (const name of ['response', 'trailers'] as const)
      this.#stream.on(name, (said) => this.#judge(said as Headers))
    this.#stream.on('data', (bytes: Buffer) => this.#take(bytes))
    this.#stream.on('close', () => this.#end(new LogUnavailable('the database ended the connection')))
    this.#beat = pulse.every < 0 ? null : setInterval(() => this.#ping(pulse.within), pulse.every).unref()
  }

  /** @throws LogUnavailable */
  static open(place: BatchPlace): Promise<BatchStream> {
    const { at, secure, within } = place
    return new Promise((resolve, reject) => {
      const session = connect(`${secure === null ? 'http' : 'https'}://${at}`, secure ?? {})
      const failed = (error: Error): void => {
        clearTimeout(late)
        reject(unreachable(error))
        session.destroy()
      }
      const late = setTimeout(() => failed(new Error(`connecting took longer than ${within} ms`)), within)
      const ended = (): void => failed(new Error('the connection was closed'))
      // Errors may come more than once.
      session.on('error', failed).once('close', ended)
      session.once('connect', () => {
        clearTimeout(late)
        session.off('close', ended)
        resolve(new BatchStream(session, place))
      })
    })
  }

  listen(listener: Listener): void {
    this.#listener = listener
    if (this.#over) listener.gone(this.#over)
  }

  /** Sent together with what else this turn of the loop brings. */
  write(request: Buffer): void {
    if (this.#gathered.length === 0) setImmediate(() => this.#send())
    const head = Buffer.allocUnsafe(prefix)
    head[0] = 0
    head.writeUInt32BE(request.length, 1)
    this.#gathered.push(head, request)
  }

  /** Nothing is heard of it any more. */
  cancel(): void {
    this.#over ??= new LogUnavailable('the connection was given up')
    this.#close()
  }

  #send(): void {
    const gathered = this.#gathered
    this.#gathered = []
    if (this.#over === null) this.#stream.write(Buffer.concat(gathered))
  }

  #take(bytes: Buffer): void {
    const unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes])
    let at = 0
    try {
      for (
        let end = endOf(unread, at);
        end <= unread.length && this.#over === null;
        end = endOf(unread, at)
      ) {
        this.#listener?.said(readAnswer(unread.subarray(at + prefix, end)))
        at = end
      }
      this.#unread = unread.subarray(at)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#end(new LogUnavailable(`the database answers what is no answer: ${error.message}`))
    }
  }

  /** Headers that end the stream say why; those that begin it say nothing. */
  #judge(headers: Headers): void {
    const ended = headers['grpc-status']
    if (ended !== undefined) this.#end(failureOf(headers))
    else if (headers[':status'] !== undefined && headers[':status'] !== 200)
      this.#end(new LogUnavailable(`the database's address answers with HTTP ${headers[':status']}`))
  }

  #ping(within: number): void {
    let isOver = false
    const judge = (): void => {
      if (!isOver) this.#end(new LogUnavailable('the database does not answer'))
    }
    // Where we stood still ourselves, the answer lies there unread: it is read before the database is given up.
    const late = setTimeout(() => setImmediate(judge), within).unref()
    const settle = (): void => {
      isOver = true
      clearTimeout(late)
    }
    if (!this.#session.ping(settle)) settle()
  }

  #end(why: Error): void {
    if (this.#over !== null) return
    this.#over = why
    this.#close()
    this.#listener?.gone(why)
  }

  #close(): void {
    if (this.#beat !== null) clearInterval(this.#beat)
    this.#stream.close(constants.NGHTTP2_CANCEL)
    this.#session.destroy()
  }
}

type Headers = Readonly<Record<string, string | string[] | number | undefined>>

/** Where the message at a place ends; infinite where its length is not there yet. @throws RangeError for none of ours */
const endOf = (bytes: Buffer, at: number): number => {
  if (bytes.length < at + prefix) return Number.POSITIVE_INFINITY
  const length = bytes.readUInt32BE(at + 1)
  if (bytes[at] !== 0 || length > longest) throw new RangeError(`${length} bytes, of kind ${bytes[at]}`)
  return at + prefix + length
}

const failureOf = (headers: Headers): LogUnavailable => {
  const said = unescaped(String(headers['grpc-message'] ?? ''))
  const why = said || `the database ended the stream of appends (gRPC status ${headers['grpc-status']})`
  const [host, port] = [headers['leader-endpoint-host'], Number(headers['leader-endpoint-port'])]
  if (headers.exception !== 'not-leader' || typeof host !== 'string' || !Number.isInteger(port))
    return new LogUnavailable(why)
  return new LedElsewhere(why, { host, port })
}

/** Of percents that are none, nothing can be made. */
const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const unreachable = (error: Error): LogUnavailable =>
  error instanceof LogUnavailable ? error : new LogUnavailable(error.message, { cause: error })
