/** One listener: what holds for every request, whatever is asked. */

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { asError } from '../as-error.ts'
import type { Warn } from '../notices.ts'
import type { Doorkeeper } from './access.ts'
import { bound } from './connections.ts'
import { hostAsked } from './host.ts'
import type { House } from './house.ts'
import type { Caller } from './login/caller.ts'
import type { Client } from './login/client.ts'
import { UnknownKey } from './login/desk.ts'
import { Methods } from './methods.ts'
import { Problem, problemBody, problemOf, problemType, sendProblem } from './problem.ts'

/** What is served, a few routes at a time. Each route names its `access` in its `config`. */
export type Part = (app: FastifyInstance, house: () => House) => void

export type ListenerOptions = {
  readonly parts: readonly Part[]
  /** To be asked within a request: before there is any, the house is not up. */
  readonly house: () => House
  /** As they are when they are asked: a configuration may be read again. */
  readonly isOurs: (host: string, local: string | undefined) => boolean
  readonly doorkeeper: () => Doorkeeper
  /** @throws UnknownKey */
  readonly identify: (request: FastifyRequest['raw'], client: Client) => Promise<Caller | null>
  readonly warn: Warn
}

/** Milliseconds for the header of a request, and for all of it: the largest mails on slow lines too. */
const headersTimeout = 30_000
const requestTimeout = 180_000
/** Milliseconds until a connection that asks nothing more is closed, and one on which nothing moves. */
const keepAliveTimeout = 10_000
const connectionTimeout = 60_000
/** Bytes of a request's body, where a route does not say otherwise. */
const bodyLimit = 1024 * 1024
const mostConnections = { all: 1000, each: 200 }

/** Made, not yet listening. @throws Unguarded */
export const createListener = ({
  parts,
  house,
  isOurs,
  doorkeeper,
  identify,
  warn,
}: ListenerOptions): FastifyInstance => {
  const app = fastify({
    ...{ logger: false, requestTimeout, keepAliveTimeout, connectionTimeout, bodyLimit },
    clientErrorHandler: unreadable,
    // What was asked while we leave is answered.
    return503OnClosing: false,
    // Ours to refuse, in words.
    http: { requireHostHeader: false, headersTimeout },
    frameworkErrors: (error, _, reply) =>
      sendProblem(asAny(reply).headers(always), error.statusCode ?? 400, error.message),
  })
  bound(app.server, { ...mostConnections, isForMany: (address) => doorkeeper().isForMany(address) })
  app.decorateRequest('caller', null)
  const methods = new Methods()
  app.addHook('onRoute', ({ url, method, config: { access, role, own } = {} }) => {
    doorkeeper().declare({ url, access, role, own })
    methods.add(url, [method].flat())
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(always)
    const host = hostAsked(request.raw)
    if (host === null)
      return sendProblem(reply, 400, 'the request must say in one Host header for whom it is')
    // RFC 9110 §15.5.20
    if (!isOurs(host, request.socket.localAddress)) return sendProblem(reply, 421, strange(host))
    return admit(request, reply)
  })
  const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const { method, raw } = request
    const client = doorkeeper().clientOf(raw)
    request.client = client
    const seconds = doorkeeper().tooMuch(client)
    if (seconds !== null)
      return sendProblem(reply.header('retry-after', seconds), 429, 'too many requests: see http.rate')
    try {
      request.caller = await identify(raw, client)
    } catch (error) {
      if (error instanceof UnknownKey) return sendProblem(challenge(reply), 401, error.message)
      throw error
    }
    const { access, role, own } = request.routeOptions.config
    const refusalOf = (caller: Caller | null) =>
      doorkeeper().refusal({ method, access, role, own }, { request: raw, client, caller })
    request.mayStill = async () => refusalOf(await identify(raw, client).catch(() => null)) === null
    const refusal = refusalOf(request.caller)
    if (refusal === null) return
    return sendProblem(refusal.status === 401 ? challenge(reply) : reply, refusal.status, refusal.detail)
  }
  app.setNotFoundHandler(({ method, url }, reply) => {
    const [path = ''] = url.split('?')
    const allowed = methods.of(path)
    if (allowed.length === 0) return sendProblem(reply, 404, `there is no ${method} ${path}${hint(path)}`)
    // RFC 9110 §15.5.6
    reply.header('allow', allowed.join(', '))
    return sendProblem(reply, 405, `${path} takes ${allowed.join(', ')}, and no ${method}`)
  })
  app.setErrorHandler((error, { method, routeOptions }, reply) => {
    const { status, detail, session } = problemOf(error)
    const request = `${method} ${routeOptions.url ?? '(nothing)'}`
    const about = error instanceof Problem ? error.about : {}
    if (status >= 500) warn('a request could not be answered', asError(error), { request, ...about })
    return sendProblem(reply, status, detail, session)
  })
  for (const part of parts) part(app, house)
  return app
}

const hint = (path: string): string => (/^\/api(?:\/|$)/.test(path) ? '; /api/docs shows what there is' : '')

const strange = (host: string): string =>
  `this server is not reached as ${host.slice(0, 255)}; names can be added in http.allowedHosts`

/** RFC 6750 §3, RFC 9110 §15.5.2 */
const challenge = (reply: FastifyReply): FastifyReply =>
  reply.header('www-authenticate', 'Bearer realm="fsmtp"')

/** Nothing is taken for something else than it says, kept by others, or shown within a page of theirs. */
const always = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
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
