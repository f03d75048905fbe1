/** Sessions, messages and deliveries with odd values, the same for the same seed, and beside their events what stands in them, written down plainly. */
import type { StoredEvent } from '../../src/log/port.ts'

/** Mulberry32. */
const chance = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export class Dice {
  readonly next: () => number
  constructor(seed: number) {
    this.next = chance(seed)
  }
  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1))
  }
  one<Item>(items: readonly Item[]): Item {
    return items[this.upTo(items.length - 1)]!
  }
  some<Item>(items: readonly Item[], most: number): readonly Item[] {
    return [...new Set(Array.from({ length: this.upTo(most) }, () => this.one(items)))]
  }
  is(share: number): boolean {
    return this.next() < share
  }
}

const long = `${'long'.repeat(60)}@x.example`
export const odd = {
  addresses: [
    ...[
      'a@x.example',
      'A@X.Example',
      'b@x.example',
      '%@x.example',
      '_@x.example',
      'a\\b@x.example',
      `o'hara@x.example`,
    ],
    ...[
      '"q q"@x.example',
      'ÄNN@köln.example',
      'änn@KÖLN.example',
      'straße@x.example',
      '<a@x.example>',
      long,
      'x',
      '@',
    ],
  ],
  names: ['mx.x.example', 'MX.X.example', '[192.0.2.1]', 'h%t', 'h_t', 'ÖL', 'öl'],
  hosts: ['mx.x.example', 'MX.X.example', 'h%t', 'h_t', 'ÖL', 'öl'],
  peers: ['192.0.2.1', '192.0.2.2', '2001:db8::1', '::ffff:192.0.2.1'],
  users: ['ann', 'Ann', 'bob@x.example', 'ÄNN', 'änn', 'a_n', 'a%n'],
  subjects: [
    null,
    '',
    'Hello',
    'HELLO world',
    '100%',
    'a_b',
    'back\\slash',
    `it's "so"`,
    'Grüße',
    'GRÜSSE',
    '<b>',
  ],
  reasons: ['spf-fail', 'no-such-mailbox', 'quit', 'out-of-order', 'Greylisted'],
  rules: ['spf.fail', 'SPF.fail', 'dnsbl_x', 'dmarc.reject', ''],
} as const

export type Told = Readonly<Record<string, unknown>> & { readonly id: string; readonly at: number }
export type OddSession = Told & {
  readonly peers: readonly string[]
  readonly helo: string | null
  readonly user: string | null
  readonly tried: readonly string[]
  readonly senders: readonly string[]
  readonly recipients: readonly string[]
  readonly refusals: readonly { readonly reason: string; readonly rule: string }[]
  readonly tags: readonly string[]
}
export type OddMessage = Told & {
  readonly session: string | null
  readonly sender: string
  readonly user: string | null
  readonly recipients: readonly string[]
  readonly subject: string | null
  readonly tags: readonly string[]
}
export type OddDelivery = Told & {
  readonly message: string
  readonly account: string | null
  readonly senders: readonly string[]
  readonly recipients: readonly string[]
  readonly domains: readonly string[]
  readonly status: string
}
export type Odd = {
  readonly events: StoredEvent[]
  readonly sessions: OddSession[]
  readonly messages: OddMessage[]
  readonly deliveries: OddDelivery[]
}

/** Ids of which some are older than their time, and times of which some are the same. */
class Clock {
  readonly #dice: Dice
  #count = 0
  #at: number
  constructor(dice: Dice, from: number) {
    this.#dice = dice
    this.#at = from
  }
  tick(): number {
    this.#at += this.#dice.is(0.5) ? 0 : 1
    return this.#at
  }
  id(kind: string): string {
    const at = Math.max(0, this.#at - (this.#dice.is(0.2) ? this.#dice.upTo(10) : 0))
    return `${kind}${String(at).padStart(6, '0')}${String(++this.#count * 7919)
      .padStart(9, '0')
      .slice(-5)}`
  }
}

class Book {
  readonly events: StoredEvent[] = []
  readonly #revisions = new Map<string, number>()
  readonly #from: number
  constructor(from: number) {
    this.#from = from
  }
  say(stream: string, type: string, at: number, data: object): void {
    const revision = (this.#revisions.get(stream) ?? -1) + 1
    this.#revisions.set(stream, revision)
    const position = this.#from + this.events.length + 1
    this.events.push({
      ...{ position, id: String(position), stream, revision, type, version: 1, at, meta: {} },
      data: data as StoredEvent['data'],
    })
  }
}

const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1)

/** So many sessions, some with messages, some of which leave; what `retention` forgot is not among what is told. */
export const oddMail = (
  dice: Dice,
  {
    sessions: count,
    from = 0,
    at: begin = 1_000,
  }: { readonly sessions: number; readonly from?: number; readonly at?: number },
): Odd => {
  const clock = new Clock(dice, begin)
  const book = new Book(from)
  const messages: OddMessage[] = []
  const deliveries: OddDelivery[] = []
  let sessions: OddSession[] = []
  const address = () => dice.one(odd.addresses)
  const session = (): void => {
    const [at, id] = [clock.tick(), clock.id(`s${from}`)]
    const stream = `smtp_session-${id}`
    const say = (type: string, data: object) => book.say(stream, type, clock.tick(), data)
    const peer = { address: dice.one(odd.peers), port: 1, name: dice.is(0.3) ? null : dice.one(odd.hosts) }
    const door = dice.is(0.1) ? 'too-many-sessions' : 'open'
    const refusals: { reason: string; rule: string }[] = door === 'open' ? [] : [{ reason: door, rule: '' }]
    book.say(stream, 'SessionOpened', at, {
      service: 'mx',
      local: { address: '::', port: 25 },
      peer,
      tls: null,
      door,
    })
    const told = {
      ...{
        id,
        at,
        peers: [peer.address, peer.name ?? ''],
        helo: null as string | null,
        user: null as string | null,
      },
      ...{
        tried: [] as string[],
        senders: [] as string[],
        recipients: [] as string[],
        refusals,
        tags: [] as string[],
      },
    }
    sessions.push(told)
    if (door !== 'open') return
    if (dice.is(0.9)) {
      told.helo = dice.one(odd.names)
      say('ClientIdentified', { helo: told.helo })
    }
    for (const user of dice.some(odd.users, 2)) {
      told.tried.push(user)
      told.refusals.push({ reason: 'bad-credentials', rule: '' })
      say('AuthenticationFailed', { user, reason: 'bad-credentials' })
    }
    if (dice.is(0.5)) {
      told.user = dice.one(odd.users)
      say('ClientAuthenticated', { user: told.user })
    }
    for (let mails = dice.upTo(2); mails > 0; mails--) {
      const sender = dice.is(0.2) ? '' : address()
      told.senders.push(sender)
      say('SenderAccepted', { sender })
      const refused = dice.some(odd.addresses, 2)
      for (const recipient of refused) {
        const [reason, rule] = [dice.one(odd.reasons), dice.one(odd.rules)]
        told.recipients.push(recipient)
        told.refusals.push({ reason, rule })
        say('RecipientRefused', { recipient, reason, ...(rule !== '' && { rule }), code: 550 })
      }
      const taken = dice.some(odd.addresses, 4)
      for (const recipient of taken) {
        told.recipients.push(recipient)
        say('RecipientAccepted', { recipient })
      }
      if (taken.length === 0) continue
      const tags = dice.is(0.3) ? dice.some(odd.rules.slice(0, 4), 2) : []
      told.tags.push(...tags)
      accept(stream, { session: id, sender, user: told.user, taken, tags })
    }
    if (dice.is(0.9))
      say('SessionClosed', {
        reason: dice.one(['quit', 'disconnected', 'timeout', 'too-many-errors']),
        during: 'x',
      })
    if (book.events.at(-1)?.data.reason === 'too-many-errors')
      told.refusals.push({ reason: 'too-many-errors', rule: '' })
  }
  const accept = (
    stream: string,
    mail: {
      session: string
      sender: string
      user: string | null
      taken: readonly string[]
      tags: readonly string[]
    },
  ): void => {
    const [at, id] = [clock.tick(), clock.id('m')]
    const { session: of, sender, user, taken, tags } = mail
    const alias = dice.is(0.3) ? address() : null
    const leaves = dice.is(0.6)
    const destination = leaves ? { kind: 'nextHop', nextHop: 'hop' } : { kind: 'mailbox', mailbox: 'box' }
    const recipients = taken.map((one) => ({ address: one, destination, ...(alias !== null && { alias }) }))
    const subject = dice.one(odd.subjects)
    const about = { sender, user, subject, from: null, size: 1, sha256: '', messageId: null }
    book.say(stream, 'MessageAccepted', at, {
      message: id,
      recipients,
      ...about,
      ...(tags.length > 0 && { tags }),
    })
    messages.push({
      id,
      at,
      session: of,
      sender,
      user,
      subject,
      tags,
      recipients: alias === null ? taken : [alias],
    })
    if (leaves && dice.is(0.9)) queue({ message: id, sender, user, alias, taken })
  }
  const queue = (mail: {
    message: string
    sender: string
    user: string | null
    alias: string | null
    taken: readonly string[]
  }): void => {
    const { message, sender, user, alias, taken } = mail
    const [at, id] = [clock.tick(), `${message}${clock.id('d')}`]
    const stream = `delivery-${id}`
    const outward = alias === null ? sender : 'srs@x.example'
    book.say(stream, 'DeliveryQueued', at, {
      ...{
        message,
        sender: outward,
        nextHop: 'hop',
        node: 'n',
        acceptedAt: at,
        ...(alias !== null && { forwarder: alias }),
      },
      recipients: taken.map((one) => ({ address: one })),
    })
    let status = 'queued'
    if (dice.is(0.3)) {
      book.say(stream, 'Held', clock.tick(), {})
      status = 'held'
    } else if (dice.is(0.5)) {
      book.say(stream, 'Delivered', clock.tick(), {
        endedAt: at,
        outcomes: [],
        fault: null,
        uncertain: false,
      })
      status = 'delivered'
    }
    deliveries.push({
      ...{ id, at, message, account: user, status },
      senders: alias === null ? [sender] : [outward, sender],
      recipients: alias === null ? taken : [...taken, alias],
      domains: [domainOf(taken[0]!), ...(alias === null ? [] : [domainOf(alias)])],
    })
  }
  for (let left = count; left > 0; left--) {
    session()
    if (sessions.length < 3 || !dice.is(0.05)) continue
    const gone = new Set(dice.some(sessions.slice(0, -2), 3).map(({ id }) => id))
    book.say('retention-x', 'HistoryForgotten', clock.tick(), {
      streams: [...gone].map((id) => `smtp_session-${id}`),
    })
    sessions = sessions.filter(({ id }) => !gone.has(id))
  }
  return { events: book.events, sessions, messages, deliveries }
}
