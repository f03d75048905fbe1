/** `/api/v1/login`: who asks, in and out. `/api/v1/logins`, `/api/v1/keys`: what there is of them. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { keyOf } from '../../authentication/spelling.ts'
import { TooManyWaiting } from '../../authentication/turnstile.ts'
import { count, time } from '../../shapes/shape.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { text, yes } from '../api/fields.ts'
import { Problem } from '../problem.ts'
import { type Caller, includes, roles } from './caller.ts'
import { cookieFor, noCookie } from './cookies.ts'
import type { Desk, LoggedIn } from './desk.ts'
import type { Key, OpenLogin } from './register.ts'
import { cookieText } from './secrets.ts'

const tag = 'Logins'
/** Bytes. */
const bodyLimit = 4096

const credentials = z
  .strictObject({ user: z.string().min(1).max(320), password: z.string().min(1).max(1024) })
  .meta({ id: 'Credentials' })
type Credentials = z.output<typeof credentials>

const role = z.enum(roles)
const account = z.string().nullable().describe('What concerns this account is all there is; null: everything')
const caller = z.object({ kind: z.enum(['playground', 'account', 'key']), name: z.string(), role, account })
const who = z
  .object({
    required: z.boolean().describe('False in a playground'),
    accounts: z.boolean().describe('Accounts may log in'),
    caller: caller.nullable(),
    smtp: z
      .array(
        z.object({
          service: z.enum(['mx', 'submission', 'submissions']),
          address: z.string(),
          port: z.int(),
        }),
      )
      .describe('Where mail is taken; empty for nobody in particular'),
  })
  .meta({ id: 'Caller' })
const loginItem = z
  .object({
    ...{ id: z.string(), account: z.string(), address: z.string(), agent: z.string() },
    current: z.boolean().describe('The one that asks'),
    ...{ openedAt: time, expiresAt: time },
  })
  .meta({ id: 'Login' })
const keyItem = z.object({ name: z.string(), role, account, addedAt: time }).meta({ id: 'Key' })
const all = (item: z.ZodType, id: string) => z.object({ items: z.array(item), next: z.null() }).meta({ id })

type DeskOf = () => Desk

const whoRow = (desk: DeskOf): Endpoint =>
  endpoint({
    ...{ method: 'GET', path: '/login', name: 'whoAmI', tag, role: 'look', access: 'anybody' },
    summary: 'Says who asks',
    about: 'Who asks, as far as is known',
    answers: { 200: { about: 'Who', shape: who } },
    answer: ({ request }) => whoIs(desk(), request.caller),
  })

const inRow = (desk: DeskOf): Endpoint =>
  endpoint({
    ...{ method: 'POST', path: '/login', name: 'logIn', tag, role: 'look', access: 'anybody' },
    summary: 'Logs in with an account’s mail password',
    ...{ about: 'An account logs in with its mail password; the answer sets a cookie', bodyLimit },
    body: credentials,
    answers: { 200: { about: 'Who that is', shape: who } },
    problems: {
      401: 'The name or the password is wrong',
      409: 'This is a playground',
      429: 'There were too many failures',
    },
    answer: ({ request, reply, body }) => logIn(desk(), { request, reply, body }),
  })

const outRow = (desk: DeskOf): Endpoint =>
  endpoint({
    ...{ method: 'DELETE', path: '/login', name: 'logOut', tag, role: 'look' },
    summary: 'Logs out: ends the login of this cookie',
    about: 'Ends the login of this cookie',
    answers: { 204: { about: 'It is over' } },
    problems: { 409: 'Whoever asks is not logged in, but has a key' },
    answer: ({ request, reply }) => logOut(desk(), request, reply),
  })

const listRow = (desk: DeskOf): Endpoint =>
  endpoint({
    ...{ method: 'GET', path: '/logins', name: 'listLogins', tag, role: 'look' },
    summary: 'Lists logins',
    about: 'Logins of the account that asks; administrators see those of everybody',
    answers: { 200: { about: 'The oldest first', shape: all(loginItem, 'Logins') } },
    answer: ({ request }) => {
      const asking = known(request.caller)
      return {
        items: desk()
          .logins(asking)
          .map((each) => loginShape(each, asking)),
        next: null,
      }
    },
  })

const revokeRow = (desk: DeskOf): Endpoint =>
  endpoint({
    ...{ method: 'DELETE', path: '/logins/{id}', name: 'revokeLogin', tag, role: 'act' },
    summary: 'Ends one login',
    ...{ about: 'Ends a login', params: { id: z.string().max(40).describe('The id of the login') } },
    answers: { 204: { about: 'It is over' } },
    problems: { 404: 'There is no such login' },
    answer: async ({ request, reply, params: { id } }) => {
      if (!(await desk().revoke(known(request.caller), id))) throw new Problem(404, 'there is no such login')
      return reply.code(204).send()
    },
  })

const revokeAllRow = (desk: DeskOf): Endpoint =>
  endpoint({
    ...{ method: 'DELETE', path: '/logins', name: 'revokeLogins', tag, role: 'act' },
    summary: 'Ends all logins of an account',
    about: 'Ends all logins of the account that asks, this one as well; nobody is logged in anywhere then',
    query: {
      others: yes('All but the one that asks'),
      account: text('Of another account: for administrators').optional(),
    },
    answers: {
      200: { about: 'They are over', shape: z.object({ ended: count }).meta({ id: 'LoginsEnded' }) },
    },
    problems: { 400: 'Whoever asks is no account, and names none', 403: 'That is not for one account alone' },
    answer: ({ request, reply, query: { others = false, account } }) =>
      revokeAll(desk(), { request, reply, account, isOthers: others }),
  })

const keysRow = (desk: DeskOf): Endpoint =>
  endpoint({
    ...{ method: 'GET', path: '/keys', name: 'listKeys', tag, role: 'administer' },
    summary: 'Lists keys of programs',
    about: 'Keys of programs: what they may do, not what they are',
    answers: { 200: { about: 'The oldest first', shape: all(keyItem, 'Keys') } },
    answer: () => ({ items: desk().keys().map(keyShape), next: null }),
  })

/** `desk` is asked within a request. */
export const loginRows = (desk: DeskOf): readonly Endpoint[] =>
  [whoRow, inRow, outRow, listRow, revokeRow, revokeAllRow, keysRow].map((row) => row(desk))

/** The route wants a caller: without one nobody comes here. */
const known = (caller: Caller | null): Caller => {
  if (caller === null) throw new Problem(401, 'log in')
  return caller
}

/** What a page must know before anything else. */
const whoIs = ({ config, smtp }: Desk, caller: Caller | null) => ({
  required: !config.playground,
  accounts: !config.playground && config.http.accounts,
  caller: caller === null ? null : callerShape(caller),
  smtp: caller === null ? [] : smtp,
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

type Entering = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly body: Credentials
}

/** @throws Problem */
const logIn = async (desk: Desk, { request, reply, body }: Entering): Promise<object> => {
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
  const agent = request.headers['user-agent'] ?? ''
  const done = await desk.logIn({ ...body, agent }, client).catch((error: Error) => {
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

type Ending = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly account: string | undefined
  readonly isOthers: boolean
}

/** @throws Problem */
const revokeAll = async (desk: Desk, { request, reply, account, isOthers }: Ending): Promise<object> => {
  const caller = known(request.caller)
  const own = caller.account ?? (caller.kind === 'account' ? caller.name : null)
  const whose = account ?? own
  if (whose === null) throw new Problem(400, 'account: say whose logins end')
  const isOwn = own !== null && keyOf(own) === keyOf(whose)
  if (!isOwn && (caller.account !== null || !includes(caller.role, 'administer')))
    throw new Problem(403, `${caller.name} ends its own logins; those of others are for administrators`)
  const ended = await desk.revokeAll(caller, { account: whose, except: isOthers ? caller.login : null })
  if (isOwn && !isOthers && caller.login !== null)
    reply.header('set-cookie', noCookie(request.client.isSecure))
  return { ended }
}
