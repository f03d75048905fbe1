/** Recorded visits of clients that hear our answers, lived by the real machine; and a log that holds them. */
import { createActor } from 'xstate'
import { session } from '../../machines/session/index.ts'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import { lenient, type Rules } from '../../machines/session/rules/rules.ts'
import type { Findings, MessageFindings } from '../../machines/vocabulary/findings.ts'
import { type Backtest, type BacktestOptions, backtest } from '../../src/backtest/index.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import type { EventLog } from '../../src/log/port.ts'
import { policyHash } from '../../src/policies.ts'
import { appendOf, policyAppend, record, type Said } from '../history/recorder.ts'
import { policy as basis } from '../history/sessions.ts'

/** Rules that ignore everything, but for some. */
export const rules = (
  chosen: Partial<{ [Name in keyof Rules]: Partial<Rules[Name]> | Rules[Name] }>,
): Rules =>
  Object.fromEntries(
    Object.entries(lenient).map(([name, usual]) => {
      const given = chosen[name as keyof Rules]
      const isWhole = given === undefined || given === null || Array.isArray(given) || usual === null
      return [name, given === undefined ? usual : isWhole ? given : { ...(usual as object), ...given }]
    }),
  ) as Rules

export const policyWith = (
  chosen: Rules | null,
  limits: Partial<SessionPolicy['limits']> = {},
): SessionPolicy => ({
  ...basis,
  ...(chosen !== null && { rules: chosen }),
  limits: { ...basis.limits, ...limits },
})

export type Mail = {
  readonly from?: string
  readonly to?: readonly string[]
  /** What was found out about the client; null: nobody looked. */
  readonly findings?: Findings | null
  readonly message?: MessageFindings
  readonly size?: number
  readonly bare?: true
  /** DATA follows without waiting for what becomes of the recipients. */
  readonly pipelined?: boolean
  /** The client leaves before it sends the content. */
  readonly leaves?: boolean
}
export type Visit = {
  readonly address?: string
  readonly helo?: string
  /** Logged in by a trusted proxy. */
  readonly user?: string
  readonly mails: readonly Mail[]
  /** Commands before the first mail. */
  readonly before?: readonly Said[]
  /** How it ends; null: nobody knows yet. */
  readonly ends?: 'QUIT' | 'DISCONNECTED' | null
}

export const spf = (result: 'pass' | 'fail' | 'softfail' | 'none', domain = 'sender.example'): Findings => ({
  spf: { identity: 'mailfrom', domain, result },
  reverseName: { result: 'confirmed', name: 'client.example' },
  helo: { result: 'resolved', name: 'client.example' },
  listings: [],
  acquaintance: { waited: null, accepted: 10 },
  karma: { network: '192.0.2.0/24', score: 0 },
})
export const dmarc = (policy: 'reject' | 'quarantine' | 'none'): MessageFindings => ({
  author: { result: 'one', domains: ['sender.example'] },
  dkim: [],
  arc: { result: 'none', sealers: [] },
  dmarc: { result: 'fail', domain: 'sender.example', policy },
  listings: [],
})
export const clean: MessageFindings = {
  ...dmarc('none'),
  dmarc: { result: 'pass', domain: 'sender.example', by: ['spf'] },
}

const input = (type: string, given: object = {}): Said['input'] => ({ type, ...given }) as Said['input']
const place = (address: string): object =>
  address.endsWith('@example.org')
    ? { kind: 'mailbox', mailbox: address }
    : address.endsWith('@unknown.example.org')
      ? { kind: 'unknown' }
      : { kind: 'foreign', nextHop: address.slice(address.indexOf('@') + 1) }

let messages = 0

/** What the client says, as it goes by our answers. */
const saidIn = (policy: SessionPolicy, id: string, visit: Visit): Said[] => {
  const actor = createActor(session.machine, { input: { policy } })
  actor.start()
  const said: Said[] = []
  const is = (state: string): boolean => actor.getSnapshot().value === state
  const say = (type: string, given: object = {}): void => {
    if (actor.getSnapshot().status !== 'active') return
    said.push({ input: input(type, given) })
    actor.send(input(type, given))
  }
  const { address = '192.0.2.7', helo = 'client.example', user, mails, before = [], ends = 'QUIT' } = visit
  const peer = { address, port: 40_000, name: null }
  say('OPEN', {
    ...{ service: policy.service, local: { address: '192.0.2.1', port: 25 }, peer },
    ...{ proxy: null, tls: null, policy: policyHash(policy), trusted: user !== undefined },
    ...{ node: 'mx', door: 'open' },
  })
  if (user !== undefined)
    say('XCLIENT', {
      argument: `LOGIN=${user}`,
      renamed: { peer, helo: null, user, addresses: ['bob@sender.example'] },
    })
  say('EHLO', { helo })
  for (const { input: one } of before) say(one.type, one)
  const bring = (mail: Mail): void => {
    const { from = 'bob@sender.example', to = ['ann@example.org'], findings = spf('pass') } = mail
    say('MAIL', { sender: from })
    if (!is('addressing')) return
    let isLooked = false
    for (const recipient of to) {
      const at = place(recipient) as { kind: string }
      if (!isLooked && findings !== null && user === undefined && at.kind === 'mailbox') {
        isLooked = true
        if (is('addressing')) say('EXAMINED', { session: id, ...findings })
      }
      say('RCPT', { recipient, place: at })
    }
    if (mail.leaves) say('DISCONNECTED')
    if (mail.pipelined || is('addressed')) say('DATA')
    if (is('receiving')) content(mail)
    else say('RSET')
  }
  const content = (mail: Mail): void => {
    const isStranger = user === undefined && mail.findings !== null
    messages += 1
    say('CONTENT', {
      ...{ message: `m${messages}`, size: mail.size ?? 1000, sha256: '0'.repeat(64), received: 1 },
      ...{ subject: null, from: null, messageId: null, ...(mail.bare && { bare: true }) },
      ...(isStranger && { authentication: mail.message ?? clean }),
    })
  }
  for (const mail of mails) bring(mail)
  if (ends !== null) say(ends)
  return said
}

export type Recorded = {
  readonly log: EventLog
  /** Adds a visit under the policy, `at` milliseconds after the first; its session's id. */
  visit(policy: SessionPolicy, visit: Visit, at?: number): Promise<string>
  test(options: Omit<BacktestOptions, 'log'>): Promise<Backtest>
}

export const begun = Date.UTC(2026, 0, 2, 3, 4, 5)

export const recorded = (log: EventLog = openMemoryLog()): Recorded => {
  const known = new Set<string>()
  let sessions = 0
  return {
    log,
    visit: async (policy, visit, at = sessions * 1000) => {
      const hash = policyHash(policy)
      if (!known.has(hash)) await log.append([policyAppend(hash, policy)])
      known.add(hash)
      sessions += 1
      const id = `s${sessions}`
      const events = record(session, policy, saidIn(policy, id, visit), { start: begun + at })
      await log.append([appendOf(`smtp_session-${id}`, events)])
      return id
    },
    test: (options) => backtest({ log, ...options }),
  }
}
