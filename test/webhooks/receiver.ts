/** A receiver of webhooks that does what it is told: takes, refuses, is silent, goes away. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { httpHost } from '../http-host.ts'

export type Heard = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly event: {
    readonly position: number
    readonly type: string
    readonly id: string
    readonly data: object
  }
}

/** A status, with headers; `silent`: no answer; `cut`: the connection ends. */
export type Answer =
  | number
  | 'silent'
  | 'cut'
  | { readonly status: number; readonly headers: Record<string, string> }

export type Receiver = {
  readonly url: string
  readonly port: number
  readonly heard: readonly Heard[]
  /** Positions of what was taken, in order. */
  readonly taken: readonly number[]
  /** Most requests at the same time. */
  readonly together: number
  /** What it says from now on; by default 204. */
  says(answer: Answer | ((heard: Heard, nth: number) => Answer | Promise<Answer>)): void
  close(): Promise<void>
}

const statusOf = (answer: Answer): number => (typeof answer === 'object' ? answer.status : Number(answer))

export const receiver = async (t: TestContext, at: { readonly port?: number } = {}): Promise<Receiver> => {
  const heard: Heard[] = []
  const taken: number[] = []
  let now = 0
  let together = 0
  let says: (heard: Heard, nth: number) => Answer | Promise<Answer> = () => 204
  const give = (reply: ServerResponse, answer: Answer): void => {
    if (answer === 'silent') return
    if (answer === 'cut') {
      reply.destroy()
      return
    }
    reply
      .writeHead(statusOf(answer), typeof answer === 'object' ? answer.headers : {})
      .end('words of the receiver')
  }
  const hears = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    together = Math.max(together, ++now)
    const parts = await request
      .setEncoding('utf8')
      .toArray()
      .catch(() => [])
    const body = parts.join('')
    const told: Heard = { path: request.url ?? '', headers: request.headers, body, event: JSON.parse(body) }
    heard.push(told)
    const answer = await says(told, heard.length)
    now--
    if (statusOf(answer) < 300) taken.push(told.event.position)
    give(reply, answer)
  }
  const { url, port, close } = await httpHost(t, hears, at)
  return {
    ...{ url: `${url}/hook?token=in-the-url`, port, heard, taken, close },
    get together() {
      return together
    },
    says: (answer) => {
      says = typeof answer === 'function' ? answer : () => answer
    },
  }
}
