/**
 * A line of events, written short: `open ehlo mail rcpt(bob@example.org) data accept quit`. A word is an event of the
 * session `s1`, or of another one after `s2:`; each comes a second after the one before, `+30` lets 30 more pass.
 *
 *     open open(submission) from(192.0.2.1) door(too-many-sessions) ehlo(name) helo(name) renamed(192.0.2.9) starttls secured
 *     auth login(account) badlogin(name) mail(sender) nomail(reason) rcpt(address) norcpt(address reason rule code) data
 *     accept(message address=mailbox address=>next.hop alias->address=mailbox) took(message sender tag) submit(account message ...) reject(reason rule) rset noop wrong(reason) quit end(reason)
 *     account(name)                                                          an account, of no session
 *     report(message delivery kind recipient attempt)                        a notice we composed
 *     dropped(delivery kind attempt reason)                                  a notice that will not be
 *     receipt(message about to) unreceipted(about reason)                    the same, of mail that arrived here
 */
import { randomUUID } from 'node:crypto'
import type { DeliveryCause, Destination, FactName, Facts } from '../../machines/vocabulary/events.ts'
import { noticeKinds, noticeStream } from '../../machines/vocabulary/notices.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'

type Told<Name extends FactName = FactName> = {
  [N in Name]: {
    readonly fact: N
    readonly data: Facts[N]
    readonly input: string
    readonly from: string
    readonly to: string
  }
}[Name]

const peer = { address: '192.0.2.1', port: 4000, name: null }
const local = { address: '127.0.0.1', port: 2525 }
const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null }
const refused = { code: 550, enhanced: '5.0.0' }

const told = <Name extends FactName>(
  fact: Name,
  data: Facts[Name],
  input: string,
  from: string,
  to: string,
) => ({ fact, data, input, from, to }) as Told

const opened = (service: string, door: string): Facts['SessionOpened'] => ({
  service: service as Facts['SessionOpened']['service'],
  local,
  peer,
  proxy: null,
  tls: null,
  policy: 'p',
  trusted: false,
  node: 'mx',
  door,
})

/**
 * `bob@example.org=bob`, `bob@example.org=>next.hop`, or an address that is its own mailbox; `alias->` before one it stands for;
 * `?delivered` or `?expanded` behind one of which the sender is to hear.
 */
const recipient = (text: string): Facts['MessageAccepted']['recipients'][number] => {
  const [, alias, target = '', receipt] = /^(?:(.+?)->)?(.*?)(?:\?(delivered|expanded))?$/.exec(text) ?? []
  const [address = '', to = address] = target.split(/=(.*)/)
  const destination: Destination = to.startsWith('>')
    ? { kind: 'nextHop', nextHop: to.slice(1) }
    : { kind: 'mailbox', mailbox: to }
  return {
    ...{ address, destination, ...(alias !== undefined && { alias }) },
    ...(receipt !== undefined && { receipt: receipt === 'expanded' ? receipt : 'delivered' }),
  }
}

const accepted = (message: string, recipients: readonly string[]): Facts['MessageAccepted'] => ({
  message,
  sender: 'alice@example.net',
  user: null,
  recipients: (recipients.length === 0 ? ['bob@example.org'] : recipients).map(recipient),
  received: 0,
  size: 1000,
  sha256: 'ab'.repeat(32),
  subject: `about ${message}`,
  from: 'Alice <alice@example.net>',
  messageId: `<${message}@example.net>`,
  trace: { by: 'mx.example.org', helo: 'client.example', peer, protocol: 'ESMTP', tls: null },
})

const words: Readonly<Record<string, (...args: string[]) => Told>> = {
  open: (service = 'mx') => told('SessionOpened', opened(service, 'open'), 'OPEN', 'arriving', 'greeted'),
  from: (address = peer.address) =>
    told(
      'SessionOpened',
      { ...opened('mx', 'open'), peer: { ...peer, address } },
      'OPEN',
      'arriving',
      'greeted',
    ),
  door: (why = 'too-many-sessions') => told('SessionOpened', opened('mx', why), 'OPEN', 'arriving', 'closed'),
  ehlo: (helo = 'client.example') =>
    told('ClientIdentified', { helo, extended: true }, 'EHLO', 'greeted', 'identified'),
  helo: (helo = 'client.example') =>
    told('ClientIdentified', { helo, extended: false }, 'HELO', 'greeted', 'identified'),
  renamed: (address = '192.0.2.9') =>
    told(
      'ClientRenamed',
      { argument: '', renamed: { peer: { ...peer, address }, helo: null, user: null } },
      'XCLIENT',
      'identified',
      'greeted',
    ),
  starttls: () => told('TlsRequested', {}, 'STARTTLS', 'identified', 'securing'),
  secured: () => told('TlsStarted', { tls }, 'SECURED', 'securing', 'greeted'),
  auth: (mechanism = 'PLAIN') =>
    told('AuthenticationStarted', { mechanism }, 'AUTH', 'identified', 'authenticating'),
  login: (user = 'alice') =>
    told(
      'ClientAuthenticated',
      { verdict: 'ok', mechanism: 'PLAIN', user, addresses: [] },
      'CREDENTIALS',
      'authenticating',
      'identified',
    ),
  badlogin: (user?: string) =>
    told(
      'AuthenticationFailed',
      {
        verdict: 'bad-credentials',
        addresses: [],
        mechanism: 'PLAIN',
        user: user ?? null,
        reason: 'bad-credentials',
      },
      'CREDENTIALS',
      'authenticating',
      'identified',
    ),
  mail: (sender = 'alice@example.net') =>
    told('SenderAccepted', { sender }, 'MAIL', 'identified', 'addressing'),
  nomail: (reason = 'login-required') =>
    told(
      'SenderRefused',
      { ...refused, sender: 'mallory@example.net', reason },
      'MAIL',
      'identified',
      'identified',
    ),
  rcpt: (address = 'bob@example.org') =>
    told(
      'RecipientAccepted',
      { recipient: address, place: { kind: 'mailbox', mailbox: address }, reason: 'local-mailbox' },
      'RCPT',
      'addressing',
      'addressed',
    ),
  norcpt: (address = 'nobody@example.org', reason = 'no-such-mailbox', rule?: string, code = '550') =>
    told(
      'RecipientRefused',
      {
        ...{ ...refused, code: Number(code), recipient: address },
        ...{ place: { kind: 'unknown', domain: 'example.org' }, reason },
        ...(rule !== undefined && { rule }),
      },
      'RCPT',
      'addressing',
      'addressing',
    ),
  data: () => told('ContentStarted', {}, 'DATA', 'addressed', 'receiving'),
  accept: (message = 't1', ...recipients) =>
    told('MessageAccepted', accepted(message, recipients), 'CONTENT', 'receiving', 'identified'),
  took: (message = 't1', sender = 'alice@example.net', ...tags) =>
    told(
      'MessageAccepted',
      { ...accepted(message, []), sender, ...(tags.length > 0 && { tags }) },
      'CONTENT',
      'receiving',
      'identified',
    ),
  submit: (user = 'alice', message = 't1', ...recipients) =>
    told('MessageAccepted', { ...accepted(message, recipients), user }, 'CONTENT', 'receiving', 'identified'),
  reject: (reason = 'mail-loop', rule?: string) =>
    told(
      'MessageRefused',
      {
        ...{ ...refused, sender: 'alice@example.net', recipients: [], size: 9, reason },
        ...(rule !== undefined && { rule }),
      },
      'CONTENT',
      'receiving',
      'identified',
    ),
  rset: () => told('TransactionReset', {}, 'RSET', 'addressed', 'identified'),
  noop: () => told('CommandAnswered', { command: 'NOOP', argument: '' }, 'NOOP', 'identified', 'identified'),
  wrong: (reason = 'out-of-order') =>
    told('CommandRefused', { ...refused, command: 'DATA', reason }, 'DATA', 'identified', 'identified'),
  quit: () =>
    told(
      'SessionClosed',
      { reason: 'quit', during: 'identified', messages: 0 },
      'QUIT',
      'identified',
      'closed',
    ),
  end: (reason = 'disconnected') =>
    told(
      'SessionClosed',
      { reason, during: 'identified', messages: 0 },
      'DISCONNECTED',
      'identified',
      'closed',
    ),
}

const causeOf = (delivery: string, kind: string | undefined, attempt: string | undefined): DeliveryCause => ({
  delivery,
  kind: noticeKinds.find((known) => known === kind) ?? 'failed',
  ...(attempt !== undefined && { attempt: Number(attempt) }),
})

export const beginning = Date.UTC(2026, 0, 1)

/** Tells lines to a log; streams and the time go on from line to line. */
export class Teller {
  readonly log: EventLog
  readonly #revisions = new Map<string, number>()
  #at: number

  constructor(log: EventLog, begun = beginning) {
    this.log = log
    this.#at = begun
  }

  async tell(line: string): Promise<void> {
    for (const word of line.match(/\+\d+|(?:\w+:)?\w+(?:\([^)]*\))?/g) ?? []) {
      if (word.startsWith('+')) this.#at += Number(word) * 1_000
      else await this.#word(word)
    }
  }

  /** An event no projection can understand: the data of another fact. */
  async tellNonsense(stream: string, type: string, data: object): Promise<void> {
    await this.#append(stream, { fact: type, data, meta: {} })
  }

  async #word(word: string): Promise<void> {
    const [, session = 's1', name = '', args = ''] = /^(?:(\w+):)?(\w+)(?:\(([^)]*)\))?$/.exec(word) ?? []
    const given = args.split(' ').filter((arg) => arg !== '')
    if (name === 'account') {
      const data = { account: given[0], password: '', addresses: given }
      return this.#append(`account-${given[0]}`, { fact: 'AccountAdded', data, meta: {} })
    }
    if (name === 'report') {
      const [message = '', delivery = '', kind, to = '', attempt] = given
      const cause = causeOf(delivery, kind, attempt)
      const data = { ...accepted(message, [to]), sender: '', cause }
      return this.#append(noticeStream(cause), { fact: 'MessageAccepted', data, meta: {} })
    }
    if (name === 'receipt') {
      const [message = '', about = '', to = ''] = given
      const cause = { message: about, kind: 'delivered' } as const
      const data = { ...accepted(message, [to]), sender: '', cause }
      return this.#append(noticeStream(cause), { fact: 'MessageAccepted', data, meta: {} })
    }
    if (name === 'unreceipted') {
      const [about = '', reason] = given
      const cause = { message: about, kind: 'delivered' } as const
      const data = { cause, sender: 'alice@example.net', reason }
      return this.#append(noticeStream(cause), { fact: 'NoticeDropped', data, meta: {} })
    }
    if (name === 'dropped') {
      const [delivery = '', kind, attempt, reason] = given
      const cause = causeOf(delivery, kind, attempt)
      const data = { cause, sender: 'alice@example.net', reason }
      return this.#append(noticeStream(cause), { fact: 'NoticeDropped', data, meta: {} })
    }
    const make = words[name]
    if (make === undefined) throw new Error(`there is no word ${name}`)
    const { fact, data, input, from, to } = make(...given)
    const meta = { machine: 'session', machineVersion: '1', fingerprint: 'f', effects: '', input, from, to }
    await this.#append(`smtp_session-${session}`, { fact, data, meta })
  }

  async #append(
    stream: string,
    { fact, data, meta }: { fact: string; data: object; meta: Record<string, string> },
  ): Promise<void> {
    const expected = this.#revisions.get(stream) ?? -1
    this.#revisions.set(stream, expected + 1)
    this.#at += 1_000
    const event = { id: randomUUID(), kind: kindOf(fact, 1, meta), at: this.#at, data }
    await this.log.append([{ stream, expected, events: [event] }])
  }
}
