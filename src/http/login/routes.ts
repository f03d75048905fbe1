/** `/api/v1/login`: who asks, in and out. `/api/v1/logins`, `/api/v1/keys`: what there is of them. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { TooManyWaiting } from '../../authentication/turnstile.ts'
import type { Part } from '../listener.ts'
import { Problem } from '../problem.ts'
import type { Caller } from './caller.ts'
import { cookieFor, noCookie } from './cookies.ts'
import type { Desk, LoggedIn } from './desk.ts'
import type { Key, OpenLogin } from './register.ts'
import { cookieText } from './secrets.ts'

/** Bytes. */
const bodyLimit = 4096

const asked = z.strictObject({ user: z.string().min(1).max(320), password: z.string().min(1).max(1024) })

export const login =
  (desk: () => Desk): Part =>
  (app) => {
    const look = { access: 'account', role: 'look', own: true } as const
    app.get('/api/v1/login', { config: { access: 'anybody' } }, ({ caller }) => whoIs(desk(), caller))
    app.post('/api/v1/login', { config: { access: 'anybody' }, bodyLimit }, (request, reply) =>
      logIn(desk(), request, reply),
    )
    app.delete('/api/v1/login', { config: look }, (request, reply) => logOut(desk(), request, reply))
    app.get('/api/v1/logins', { config: look }, ({ caller }) => ({
      items: desk()
        .logins(known(caller))
        .map((each) => loginShape(each, known(caller))),
      next: null,
    }))
    app.delete<{ Params: { id: string } }>('/api/v1/logins/:id', { config: look }, async (request, reply) => {
      if (!(await desk().revoke(known(request.caller), request.params.id)))
        throw new Problem(404, 'there is no such login')
      return reply.code(204).send()
    })
    app.get('/api/v1/keys', { config: { access: 'account', role: 'administer' } }, () => ({
      items: desk().keys().map(keyShape),
      next: null,
    }))
  }

/** The route wants a caller: without one nobody comes here. */
const known = (caller: Caller | null): Caller => {
  if (caller === null) throw new Problem(401, 'log in')
  return caller
}

/** What a page must know before anything else. */
const whoIs = ({ config }: Desk, caller: Caller | null) => ({
  required: !config.playground,
  accounts: !config.playground && config.http.accounts,
  caller: caller === null ? null : callerShape(caller),
})

const callerShape = ({ kind, name, role, account }: Caller) => ({ kind, name, role, account })

const loginShape = ({ id, account, openedAt, expiresAt, address, agent }: OpenLogin, { login }: Caller) => ({
  ...{ id, account, address, agent, current: id === login },
  openedAt: new Date(openedAt).toISOString(),
  expiresAt: new Date(expiresAt).toISOString(),
})

const keyShape = ({ name, role, account, addedAt }: Key) => ({
  ...{ name, role, account },
  addedAt: new Date(addedAt).toISOString(),
})

/** @throws Problem */
const logIn = async (desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<object> => {
  const { config } = desk
  if (config.playground) throw new Problem(409, 'a playground has no login: everything is open here')
  if (!config.http.accounts) throw new Problem(403, 'accounts do not log in here (http.accounts): use a key')
  const { client } = request
  // As with AUTH over SMTP: not over a line that others may read.
  if (!client.isSecure && !client.isHere && !config.http.plainLogin)
    throw new Problem(
      403,
      'passwords are taken over HTTPS only: ask through a proxy that is named in http.proxies and says X-Forwarded-Proto, or from this machine',
    )
  const read = asked.safeParse(request.body)
  if (!read.success) throw new Problem(400, 'give {"user": "name@example.org", "password": "..."} as JSON')
  const agent = request.headers['user-agent'] ?? ''
  const done = await desk.logIn({ ...read.data, agent }, client).catch((error: Error) => {
    if (error instanceof TooManyWaiting) throw later(reply, 503, 'too many log in at this moment', 5)
    throw error
  })
  if (done === 'throttled') throw later(reply, 429, 'too many failed logins; try again later', 300)
  if (done === 'bad-credentials') throw new Problem(401, 'the name or the password is wrong')
  return welcome(desk, request, { reply, done })
}

const later = (reply: FastifyReply, status: number, detail: string, seconds: number): Problem => {
  reply.header('retry-after', seconds)
  return new Problem(status, detail)
}

/** Who logs in anew is not who he was before: the login that was there ends. */
const welcome = async (
  desk: Desk,
  { caller, client }: FastifyRequest,
  { reply, done }: { readonly reply: FastifyReply; readonly done: LoggedIn },
): Promise<object> => {
  if (caller?.login != null) await desk.revoke(caller, caller.login)
  const seconds = Math.floor(desk.config.http.loginLifetime / 1000)
  reply.header('set-cookie', cookieFor(cookieText(done.cookie), { isSecure: client.isSecure, seconds }))
  return whoIs(desk, done.caller)
}

const logOut = async (
  desk: Desk,
  { caller, client }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const { login } = known(caller)
  if (login === null)
    throw new Problem(409, `${known(caller).name} is not logged in: there is nothing to end`)
  await desk.revoke(known(caller), login)
  return reply.header('set-cookie', noCookie(client.isSecure)).code(204).send()
}
