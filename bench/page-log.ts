/**
 * A log for the page to show: as many messages, sessions and deliveries, of twenty days, told again and again (`told-again.ts`). Of sessions
 * some are refused, broken off or idle, most bring mail for mailboxes here, some are submitted for hosts elsewhere. Bodies are left out.
 */
import { randomBytes } from 'node:crypto'
import { delivery } from '../machines/delivery/index.ts'
import type { DeliveryInput } from '../machines/delivery/inputs.ts'
import type { DeliveryPolicy } from '../machines/delivery/policy.ts'
import { session } from '../machines/session/index.ts'
import type { SessionInput } from '../machines/session/inputs.ts'
import type { SessionPolicy } from '../machines/session/policy.ts'
import { Clock } from '../src/actors/clock.ts'
import { Names } from '../src/actors/identity.ts'
import { deliveryIds } from '../src/delivery/ids.ts'
import type { Append } from '../src/log/port.ts'
import { openSqliteLog } from '../src/log/sqlite/index.ts'
import { adoptPolicy, policyHash } from '../src/policies.ts'
import { policy as onMx } from '../test/history/sessions.ts'
import { moment, node, type Said, Tale, type Words } from './told-again.ts'

const day = 86_400_000
const mx: SessionPolicy = { ...onMx, hostname: node }
const submission: SessionPolicy = { ...mx, service: 'submissions', authentication: 'required' }
/** Nothing is tried again while it is looked at. */
const patience: DeliveryPolicy = { retry: [40 * day], giveUpAfter: 60 * day, warnAfter: 50 * day }

const said = (input: SessionInput, line?: string): Said => (line === undefined ? { input } : { input, line })

const opening = ({
  service,
  door = 'open',
}: {
  service: 'mx' | 'submissions'
  door?: 'open' | 'too-many-from-address'
}): Said => {
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null }
  return said({
    ...{ type: 'OPEN', service, door, proxy: null, trusted: false, node },
    policy: policyHash(service === 'mx' ? mx : submission),
    local: { address: '192.0.2.1', port: service === 'mx' ? 25 : 465 },
    peer: { address: '{peer}', port: 40_000, name: null },
    tls: service === 'mx' ? null : tls,
  })
}
const hello = said({ type: 'EHLO', helo: '{helo}' }, 'EHLO {helo}')
const quit = said({ type: 'QUIT' }, 'QUIT')
const from = said({ type: 'MAIL', sender: '{sender}' }, 'MAIL FROM:<{sender}>')
const local = said(
  { type: 'RCPT', recipient: '{mailbox}', place: { kind: 'mailbox', mailbox: '{mailbox}' } },
  'RCPT TO:<{mailbox}>',
)
const nobody = said(
  { type: 'RCPT', recipient: '{mailbox}', place: { kind: 'unknown', domain: 'bench.example' } },
  'RCPT TO:<{mailbox}>',
)
const foreign = (at: number): Said =>
  said(
    {
      ...{ type: 'RCPT', recipient: `{to${at}}`, notify: ['NEVER'] },
      place: { kind: 'foreign', nextHop: `{hop${at}}` },
    },
    `RCPT TO:<{to${at}}> NOTIFY=NEVER`,
  )
const content = (mail: string): readonly Said[] => [
  said({ type: 'DATA' }, 'DATA'),
  said(
    {
      ...{ type: 'CONTENT', message: `{${mail}}`, size: 4096, sha256: 'ab'.repeat(32), received: 1 },
      ...{
        subject: '{subject}',
        from: '{sender}',
        authors: ['{sender}'],
        messageId: `<{${mail}}@example.net>`,
      },
    },
    '(4096 bytes of content)',
  ),
]
const login: readonly Said[] = [
  said({ type: 'AUTH', mechanism: 'PLAIN' }, 'AUTH PLAIN'),
  said({ type: 'CREDENTIALS', verdict: 'ok', user: '{sender}', addresses: ['{sender}'] }),
]
const submitted = (mail: string, hops: readonly number[]): readonly Said[] => [
  from,
  ...hops.map(foreign),
  ...content(mail),
]

const here = opening({ service: 'mx' })
const lives = {
  turnedAway: [opening({ service: 'mx', door: 'too-many-from-address' })],
  refused: [here, hello, from, nobody, quit],
  aborted: [here, hello, said({ type: 'DISCONNECTED' })],
  idle: [here, quit],
  received: [here, hello, from, local, ...content('mail1'), quit],
  four: [
    opening({ service: 'submissions' }),
    hello,
    ...login,
    ...submitted('mail1', [1, 2]),
    ...submitted('mail2', [3, 4]),
    quit,
  ],
  five: [
    opening({ service: 'submissions' }),
    hello,
    ...login,
    ...submitted('mail1', [1, 2]),
    ...submitted('mail2', [3, 4, 5]),
    quit,
  ],
} as const
type Life = keyof typeof lives

const queued: DeliveryInput = {
  ...{ type: 'QUEUE', message: '{mail}', sender: '{sender}', nextHop: '{hop}', size: 4096 },
  ...{ recipients: [{ address: '{to}', notify: ['NEVER'] }], prefix: 'Received: from {helo}\r\n' },
  ...{ acceptedAt: moment, node, policy: policyHash(patience) },
}
const start: DeliveryInput = {
  ...{ type: 'START', startedAt: moment + 20, destination: '{hop}', node, leaseUntil: moment + 600_000 },
}
const route: DeliveryInput = {
  type: 'ROUTE',
  route: {
    ...{ kind: 'mx', protocol: 'smtp', tls: 'never' },
    hosts: [{ name: 'mx.{hop}', address: '198.51.100.7', port: 25, preference: 10 }],
  },
}
const connected: DeliveryInput = {
  ...{ type: 'CONNECTED', host: { name: 'mx.{hop}', address: '198.51.100.7', port: 25 } },
  ...{
    greeting: 'mx.{hop} ESMTP',
    extensions: ['PIPELINING', 'SIZE'],
    reused: false,
    securing: false,
    tls: null,
  },
}
const answered = (result: 'delivered' | 'failed', code: number, text: string): DeliveryInput => ({
  ...{ type: 'ATTEMPT_ENDED', endedAt: moment + 60, fault: null, uncertain: false, answered: true },
  outcomes: [
    { address: '{to}', result, reply: { code, enhanced: `${(code / 100) | 0}.1.1`, text, command: 'RCPT' } },
  ],
})
const silence: DeliveryInput = {
  ...{ type: 'ATTEMPT_ENDED', endedAt: moment + 60, outcomes: [], uncertain: false, answered: false },
  fault: {
    ...{ kind: 'connection-timeout', during: 'connect', text: 'the host did not answer within 30 seconds' },
    ...{ reply: null, temporary: true },
  },
}
const fates = {
  delivered: [queued, start, route, connected, answered('delivered', 250, 'Ok, queued')],
  waiting: [queued, start, silence],
  failed: [queued, start, route, connected, answered('failed', 550, 'No such user here')],
  held: [queued, { type: 'HOLD', actedAt: moment + 20, by: 'operator' }],
} as const satisfies Readonly<Record<string, readonly DeliveryInput[]>>
type Fate = keyof typeof fates

/** What every hundred sessions, and every hundred deliveries, are. */
const ofSessions: readonly (readonly [Life, number])[] = [
  ['turnedAway', 7],
  ['refused', 10],
  ['aborted', 4],
  ['idle', 3],
  ['received', 52],
  ['four', 20],
  ['five', 4],
]
const ofDeliveries: readonly (readonly [Fate, number])[] = [
  ['delivered', 85],
  ['waiting', 9],
  ['failed', 5],
  ['held', 1],
]
const hundred = <Name>(shares: readonly (readonly [Name, number])[]): readonly Name[] =>
  shares.flatMap(([name, share]) => Array.from({ length: share }, () => name))
/** Number `at` of a hundred, not one sort after the other. */
const pick = <Name>(all: readonly Name[], at: number): Name => all[(at * 37) % all.length]!

const address = (at: number): string => `10.${(at >> 8) % 120}.${at % 256}.${(at >> 3) % 250}`
/** Half of the mail is for a few. */
const mailboxOf = (at: number): string =>
  at % 4 === 0 ? 'box@bench.example' : `m${at % 2 === 0 ? at % 50 : at % 5_000}@bench.example`

const wordsOf = (life: Life, at: number, names: Names): Words => {
  const isSubmitted = life === 'four' || life === 'five'
  const hop = (on: number): string => `d${(at * 7 + on * 131) % 2_000}.example`
  const hops = Object.fromEntries(
    [1, 2, 3, 4, 5].flatMap((on) => [
      [`hop${on}`, hop(on)],
      [`to${on}`, `u${at % 97}@${hop(on)}`],
    ]),
  )
  return {
    peer: address(at % 30_000),
    helo: `c${at % 3_000}.example.net`,
    sender: isSubmitted ? `a${at % 2_000}@bench.example` : `s${at % 50_000}@n${at % 1_000}.example.net`,
    mailbox: mailboxOf(at),
    subject: `Invoice ${at} and what was ordered`,
    mail1: names.id(),
    mail2: names.id(),
    ...hops,
  }
}

type Tales = {
  readonly sessions: Readonly<Record<Life, Tale>>
  readonly deliveries: Readonly<Record<Fate, Tale>>
}

const talesOf = async (): Promise<Tales> => {
  const sessionsTold: Partial<Record<Life, Tale>> = {}
  for (const [name, steps] of Object.entries(lives)) {
    const policy = name === 'four' || name === 'five' ? submission : mx
    sessionsTold[name as Life] = await Tale.of(session, { id: 'told', policy, said: steps, end: 'closed' })
  }
  const ends: Readonly<Record<Fate, string>> = {
    delivered: 'delivered',
    waiting: 'waiting',
    failed: 'failed',
    held: 'held',
  }
  const deliveriesTold: Partial<Record<Fate, Tale>> = {}
  for (const [name, steps] of Object.entries(fates)) {
    const inputs = steps.map((input): Said => ({ input }))
    deliveriesTold[name as Fate] = await Tale.of(delivery, {
      id: 'told',
      policy: patience,
      said: inputs,
      end: ends[name as Fate],
    })
  }
  return { sessions: sessionsTold as Tales['sessions'], deliveries: deliveriesTold as Tales['deliveries'] }
}

/** Which hops the mails of a life have. */
const hopsOf: Partial<Record<Life, readonly (readonly [mail: string, hops: readonly number[]])[]>> = {
  four: [
    ['mail1', [1, 2]],
    ['mail2', [3, 4]],
  ],
  five: [
    ['mail1', [1, 2]],
    ['mail2', [3, 4, 5]],
  ],
}

/** Sessions appended at once. */
const together = 400

/** Writes `count` sessions, and about as many messages and deliveries, into the log of a server that does not run. */
export const fillForPage = async (directory: string, count: number): Promise<void> => {
  const tales = await talesOf()
  const log = await openSqliteLog({ directory })
  const begin = Date.now() - 20 * day
  const pace = (20 * day - 120_000) / count
  let time = begin
  const names = new Names({ clock: new Clock({ wall: () => time, steady: () => 0 }), chance: randomBytes(8) })
  const newEventId = (at: number): string => names.eventId(at)
  let deliveriesSoFar = 0
  const kindsOfSessions = hundred(ofSessions)
  const kindsOfDeliveries = hundred(ofDeliveries)
  const tellDelivery = (id: string, words: Words): Append => {
    deliveriesSoFar += 1
    return tales.deliveries[pick(kindsOfDeliveries, deliveriesSoFar)].again(id, words, {
      time: time + 500,
      newEventId,
    })
  }
  const tell = (at: number): Append[] => {
    time = Math.floor(begin + at * pace)
    const life = pick(kindsOfSessions, at)
    const words = wordsOf(life, at, names)
    const told = [tales.sessions[life].again(names.id(), words, { time, newEventId })]
    for (const [mail, hops] of hopsOf[life] ?? []) {
      const ways = hops.map((on) => ({ nextHop: words[`hop${on}`]!, forwarder: null, recipients: [] }))
      const ids = deliveryIds(words[mail]!, ways)
      for (const [place, on] of hops.entries())
        told.push(
          tellDelivery(ids[place]!, {
            ...words,
            mail: words[mail]!,
            hop: words[`hop${on}`]!,
            to: words[`to${on}`]!,
          }),
        )
    }
    return told
  }
  try {
    for (const policy of [mx, submission, patience]) await adoptPolicy(log, policy, node)
    let written: Promise<unknown> = Promise.resolve()
    for (let first = 0; first < count; first += together) {
      const appends: Append[] = []
      for (let at = first; at < Math.min(count, first + together); at += 1) appends.push(...tell(at))
      await written
      written = log.append(appends)
    }
    await written
  } finally {
    await log.close()
  }
}
