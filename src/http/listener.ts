/** One listener: what holds for every request, whatever is asked. */

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { asError } from '../as-error.ts'
import type { Access, Doorkeeper } from './access.ts'
import { hostAsked } from './host.ts'
import type { House } from './house.ts'
import { problemBody, problemOf, problemType, sendProblem } from './problem.ts'

/** What is served, a few routes at a time. Each route names its `access` in its `config`. */
export type Part = (app: FastifyInstance, house: () => House) => void

export type ListenerOptions = {
  readonly parts: readonly Part[]
  /** To be asked within a request: before there is any, the house is not up. */
  readonly house: () => House
  /** As they are when they are asked: a configuration may be read again. */
  readonly isOurs: (host: string, local: string | undefined) => boolean
  readonly doorkeeper: () => Doorkeeper
  readonly warn: (what: string, error: Error) => void
}

/** Milliseconds for a whole request to arrive; and until a connection that asks nothing more is closed. */
const requestTimeout = 30_000
const keepAliveTimeout = 10_000
/** Bytes of a request's body, where a route does not say otherwise. */
const bodyLimit = 1024 * 1024
const mostConnections = 1000

/** Made, not yet listening. @throws Unguarded */
export const createListener = ({
  parts,
  house,
  isOurs,
  doorkeeper,
  warn,
}: ListenerOptions): FastifyInstance => {
  const app = fastify({
    ...{ logger: false, requestTimeout, keepAliveTimeout, bodyLimit, clientErrorHandler: unreadable },
    // What was asked while we leave is answered.
    return503OnClosing: false,
    // Ours to refuse, in words.
    http: { requireHostHeader: false },
    frameworkErrors: (error, _, reply) => sendProblem(asAny(reply), error.statusCode ?? 400, error.message),
  })
  app.server.maxConnections = mostConnections
  app.addHook('onRoute', ({ url, config }) => doorkeeper().declare({ url, access: config?.access }))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(always)
    const host = hostAsked(request.raw)
    if (host === null)
      return sendProblem(reply, 400, 'the request must say in one Host header for whom it is')
    // RFC 9110 §15.5.20
    if (!isOurs(host, request.socket.localAddress)) return sendProblem(reply, 421, strange(host))
    if (!doorkeeper().mayAsk(accessOf(request), request.raw))
      return sendProblem(reply, 403, `${request.routeOptions.url} is not for you: see http.metrics.networks`)
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 404, `there is no ${request.method} ${request.url.split('?')[0]}`),
  )
  app.setErrorHandler((error, _, reply) => {
    const { status, detail } = problemOf(error)
    if (status >= 500) warn('a request could not be answered', asError(error))
    return sendProblem(reply, status, detail)
  })
  for (const part of parts) part(app, house)
  return app
}

const strange = (host: string): string =>
  `this server is not reached as ${host.slice(0, 255)}; names can be added in http.allowedHosts`

/** Of what is not there: the answer says no more than that. */
const accessOf = (request: FastifyRequest): Access => request.routeOptions.config.access ?? 'anybody'

/** Nothing is taken for something else than it says, kept by others, or shown within a page of theirs. */
const always = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const

/** What cannot be read as a request, or takes too long. */
const unreadable = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = statusOf[error.code ?? ''] ?? 400
  const body = JSON.stringify(problemBody(status))
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      `Content-Type: ${problemType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `\r\n${body}`,
    ].join('\r\n'),
  )
}
const statusOf: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

const asAny = (reply: unknown): FastifyReply => reply as FastifyReply
