/** One event to its receiver. Redirects are not followed: what is said is for the address that the operator wrote, and no other. */
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plain } from 'node:http'
import { request as secure, Agent as TlsAgent } from 'node:https'

export type Posted =
  | { readonly kind: 'taken' }
  /** 410: it wants no more. */
  | { readonly kind: 'gone' }
  /** `error` in stable words; `retryAfter` in milliseconds, where the receiver named a time. */
  | { readonly kind: 'refused'; readonly error: string; readonly retryAfter: number | null }

export type Posting = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Milliseconds for all of it. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Bytes of an answer that are read, and thrown away, so that the connection can be used again. */
const mostAnswer = 64 * 1024

/** One connection, kept between two events. */
export class Post {
  readonly #plain = new PlainAgent({ keepAlive: true, maxSockets: 1, timeout: 60_000 })
  readonly #tls = new TlsAgent({ keepAlive: true, maxSockets: 1, timeout: 60_000 })

  /** Never rejects: what goes wrong is an answer. */
  async send({ url, headers, body, timeout, signal }: Posting): Promise<Posted> {
    const ending = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
    const target = new URL(url)
    const options = {
      ...{
        method: 'POST',
        signal: ending,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      ...(target.username !== '' && { auth: credentials(target) }),
    }
    target.username = ''
    target.password = ''
    const asked =
      target.protocol === 'https:'
        ? secure(target, { ...options, agent: this.#tls })
        : plain(target, { ...options, agent: this.#plain })
    try {
      return judged(await answerTo(asked, body, ending))
    } catch (error) {
      return { kind: 'refused', error: signal.aborted ? 'stopped' : wordsOf(error, ending), retryAfter: null }
    }
  }

  close(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }
}

const credentials = ({ username, password }: URL): string =>
  `${decodeURIComponent(username)}:${decodeURIComponent(password)}`

const answerTo = (asked: ClientRequest, body: string, ending: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    asked.on('error', reject)
    // Whatever else it does.
    ending.addEventListener('abort', () => reject(ending.reason), { once: true })
    // RFC 9110 §7.8: nobody asked it to speak another protocol.
    asked.once('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer)
    })
    asked.once('response', (answer) => {
      let read = 0
      answer.on('data', (chunk: Buffer) => {
        read += chunk.length
        // What it has to say beyond that is not for us: the status counts.
        if (read > mostAnswer) answer.destroy()
      })
      answer.once('close', () => (answer.complete || read > mostAnswer ? resolve(answer) : reject(cutOff)))
      answer.once('error', reject)
    })
    asked.end(body)
  })
const cutOff = Object.assign(new Error('the answer was cut off'), { code: 'ECONNRESET' })

/** Stable and short; nothing of what the receiver said. */
const wordsOf = (error: unknown, ending: AbortSignal): string => {
  if (ending.aborted) return 'timeout'
  const { code, name } = error as NodeJS.ErrnoException
  return code ?? name
}

const judged = ({ statusCode = 0, headers }: IncomingMessage): Posted => {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'taken' }
  if (statusCode === 410) return { kind: 'gone' }
  return { kind: 'refused', error: `answered ${statusCode}`, retryAfter: waitAsked(headers['retry-after']) }
}

/** RFC 9110 §10.2.3: seconds, or a date. */
const waitAsked = (value: string | undefined): number | null => {
  if (value === undefined) return null
  const wait = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(wait) && wait > 0 ? wait : null
}
