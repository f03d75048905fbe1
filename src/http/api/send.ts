/** Sending: a mail out of its fields, or whole; taken as any other that an account submits. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { refusals } from '../../../machines/vocabulary/reasons.ts'
import { WrongRevision } from '../../log/port.ts'
import { demoAccount } from '../../playground.ts'
import { composed, type Fault, given } from '../../submission/composing.ts'
import type { Taken } from '../../submission/counter.ts'
import { type Before, beforeSoon, begin, type OnceOptions, settle } from '../../submission/once.ts'
import type { Mail, Refused } from '../../submission/talk.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { text } from './fields.ts'

type Came = Parameters<Endpoint['answer']>[0]

/** Bytes of a request; attachments are a third longer in JSON. */
const bodyLimit = 48 * 1024 * 1024
/** Requests at a time whose mails are in memory. */
const mostAtOnce = 16
let underWay = 0

const addresses = z
  .union([z.string(), z.array(z.string()).max(1000)])
  .transform((value) => (typeof value === 'string' ? [value] : value))

const bodySchema = z
  .strictObject({
    from: z
      .string()
      .max(1000)
      .describe('An address of the account; its first one where nothing is said')
      .optional(),
    to: addresses.describe('Addresses, with names if you like: Ann <ann@example.org>').optional(),
    cc: addresses.optional(),
    bcc: addresses.describe('The others do not see them').optional(),
    subject: z.string().max(2000).optional(),
    text: z.string().optional(),
    html: z.string().optional(),
    headers: z.record(z.string(), z.string().max(10_000)).describe('Further header fields').optional(),
    attachments: z
      .array(
        z.strictObject({
          filename: z.string().max(255).optional(),
          contentType: z.string().max(255).optional(),
          contentId: z.string().max(255).describe('To be spoken of in the HTML as cid:').optional(),
          content: z.base64('must be base64').describe('Base64'),
        }),
      )
      .max(100)
      .optional(),
  })
  .meta({ id: 'Mail' })

type Sender = { readonly name: string; readonly first: string; readonly addresses: readonly string[] }

/** For whom it is sent. @throws Problem where that is nobody */
const accountOf = ({ house: { directory }, request: { caller } }: Came): Sender => {
  const named =
    caller?.kind === 'playground'
      ? demoAccount
      : (caller?.account ?? (caller?.kind === 'account' ? caller.name : null))
  if (named === null)
    throw new Problem(
      403,
      'mail is sent by an account: ask with a key that is for one (`fsmtp key add --account`)',
    )
  const account = directory.account(named)
  const addresses = account === null ? [] : directory.addressesOf(account)
  const [first] = addresses
  if (account === null || first === undefined)
    throw new Problem(403, `there is no account ${named} to send mail`)
  return { name: account.name, first, addresses }
}

const isFault = (made: Mail | Fault): made is Fault => 'fault' in made

type Asked = { readonly body: unknown; readonly query: { readonly from?: string; readonly to?: string } }

const mailOf = async ({ body, query }: Asked, first: string): Promise<Mail> => {
  const made = Buffer.isBuffer(body) ? await given(body, envelopeOf(query)) : await fromFields(body, first)
  if (isFault(made)) throw new Problem(400, made.fault)
  return made
}

const envelopeOf = ({ from, to }: Asked['query']) => ({ from, ...(to !== undefined && { to: [to] }) })

const fromFields = (body: unknown, first: string): Promise<Mail | Fault> => {
  const {
    from = first,
    to = [],
    cc = [],
    bcc = [],
    headers = {},
    attachments = [],
    ...rest
  } = body as z.output<typeof bodySchema>
  const files = attachments.map((one) => ({ ...one, content: Buffer.from(one.content, 'base64') }))
  return composed({ ...rest, from, to, cc, bcc, headers, attachments: files })
}

const keyIn = (given: string | readonly string[] | undefined): string | null => {
  if (given === undefined) return null
  if (typeof given === 'string' && /^[!-~]{1,255}$/.test(given)) return given
  throw new Problem(400, 'Idempotency-Key is 1 to 255 printable characters without spaces, once')
}

/** Who composed it at random or by the clock asked for the same: what was asked counts. */
const requestOf = ({ body, query }: Asked): string =>
  createHash('sha256')
    .update(JSON.stringify(query))
    .update('\n')
    .update(Buffer.isBuffer(body) ? body : JSON.stringify(body))
    .digest('hex')

const accepted = ({ reply }: Came, id: string, refused: readonly Refused[]) =>
  reply.code(202).header('location', `/api/v1/messages/${id}`).send({ id, refused })

const foreign = [refusals['sender-not-yours'].peer, refusals['author-not-yours'].peer]
const hintFor = (reply: string): string =>
  foreign.some((words) => reply.includes(words))
    ? '; GET /api/v1/senders has the addresses that are yours'
    : ''

/** @throws Problem */
const outcome = (came: Came, submitted: Taken): unknown => {
  const { session } = submitted
  switch (submitted.kind) {
    case 'accepted':
      return accepted(came, submitted.message, submitted.refused)
    case 'refused':
      // What may go better another time is no fault of the request.
      throw new Problem(
        submitted.reply.startsWith('4') ? 503 : 422,
        `it was refused: ${submitted.reply} (session ${session})${hintFor(submitted.reply)}`,
        { session },
      )
    case 'broken':
      throw new Problem(
        503,
        `session ${session} ended before it answered; GET /api/v1/sessions/${session} says how`,
        { session },
      )
    default:
      return submitted satisfies never
  }
}

const submit = async (
  came: Came,
  mail: Mail,
  account: string,
  ready?: (session: string) => Promise<void>,
) => {
  const { house, request } = came
  const { localAddress = '', localPort = 0, remotePort = 0 } = request.socket
  return house.counter.submit({
    ...{ mail, account, ...(ready && { ready }) },
    client: { address: request.client.address, port: remotePort },
    local: { address: localAddress, port: localPort },
  })
}

/** @throws Problem where it cannot be sent under this key now */
const known = (came: Came, found: Before): number | ReturnType<typeof accepted> => {
  switch (found.kind) {
    case 'new':
      return found.revision
    case 'accepted':
      return accepted(came, found.message, found.refused)
    case 'other':
      throw new Problem(422, 'this Idempotency-Key was used for another request')
    case 'under way':
      came.reply.header('retry-after', 5)
      throw new Problem(409, 'a request with this Idempotency-Key is being answered; ask again in a moment')
    default:
      return found satisfies never
  }
}

/** Milliseconds that a request waits for what becomes of the same one. */
const patience = 5_000

const sendOnce = async (
  came: Came,
  mail: Mail,
  options: OnceOptions,
  end = performance.now() + patience,
): Promise<unknown> => {
  const revision = known(came, await beforeSoon(options, end - performance.now()))
  if (typeof revision !== 'number') return revision
  try {
    const submitted = await submit(came, mail, options.account, (session) =>
      begin(options, revision, session),
    )
    await settle(options, revision + 1, submitted)
    return outcome(came, submitted)
  } catch (error) {
    // Somebody was first: what becomes of that is the answer.
    if (error instanceof WrongRevision && performance.now() < end) return sendOnce(came, mail, options, end)
    if (error instanceof WrongRevision) return known(came, { kind: 'under way' })
    throw error
  }
}

const send = endpoint({
  ...{ method: 'POST', path: '/messages', name: 'sendMessage', tag: 'Messages', role: 'act', bodyLimit },
  summary: 'Sends a mail',
  about:
    'Sends a mail. It is taken as what the account submits over SMTP is, by the same rules, in a session that can be looked at. Under an Idempotency-Key the same request is sent once, however often it is asked for; one that comes while the other is under way waits for it',
  query: {
    from: text('Of a mail that is given whole: the envelope’s sender, instead of From').optional(),
    to: text('Of a mail that is given whole: the envelope’s recipients, parted by commas').optional(),
  },
  headers: { 'Idempotency-Key': z.string().max(255).describe('Of the client’s own making').optional() },
  body: bodySchema,
  raw: { 'message/rfc822': 'A mail as it is; Bcc is taken out' },
  answers: {
    202: {
      about: 'It was accepted',
      shape: z
        .object({
          id: z.string().describe('The message’s id'),
          refused: z
            .array(z.object({ address: z.string(), reply: z.string() }))
            .describe('Recipients that do not get it, with the reason'),
        })
        .meta({ id: 'Sent' }),
    },
  },
  problems: {
    409: 'A request with this Idempotency-Key is being answered, and has been for some seconds',
    413: 'It is too large',
    415: 'It is neither JSON nor message/rfc822',
    422: 'It was refused, with the reason; or the Idempotency-Key was used for something else',
  },
  answer: async (came) => {
    const asked = came as Asked & Came
    if (underWay >= mostAtOnce) throw new Problem(503, 'many mails are being sent; ask again in a moment')
    underWay++
    try {
      const account = accountOf(came)
      const key = keyIn(came.request.headers['idempotency-key'])
      const mail = await mailOf(asked, account.first)
      if (key === null) return await outcomeOf(came, mail, account.name)
      const { log, members } = came.house
      return await sendOnce(came, mail, {
        ...{ log, node: members.node, account: account.name, key, request: requestOf(asked) },
      })
    } finally {
      underWay--
    }
  },
})

const outcomeOf = async (came: Came, mail: Mail, account: string): Promise<unknown> =>
  outcome(came, await submit(came, mail, account))

const senders = endpoint({
  ...{ method: 'GET', path: '/senders', name: 'listSenders', tag: 'Messages', role: 'act' },
  summary: 'Lists addresses that one may send from',
  about: 'Addresses that whoever asks may send from over the API',
  answers: {
    200: {
      about: 'The first one is taken where a mail names none',
      shape: z
        .object({
          items: z.array(z.string()),
          next: z.null().describe('Always: this is all of it'),
          domains: z.array(z.string()).describe('Any address of these, too'),
        })
        .meta({ id: 'Senders' }),
    },
  },
  problems: { 403: 'Whoever asks is no account' },
  answer: (came) => {
    const { addresses } = accountOf(came)
    const wild = addresses.filter((address) => address.startsWith('@'))
    return {
      items: addresses.filter((address) => !wild.includes(address)),
      next: null,
      domains: wild.map((each) => each.slice(1)),
    }
  },
})

export const sendRows: readonly Endpoint[] = [send, senders]
