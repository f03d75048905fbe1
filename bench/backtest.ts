/**
 * How many recorded sessions a second another policy is tried on: sessions of one mail each, as a server on port 25 sees them, with TLS and
 * all that is found out about a stranger. The command is measured as people run it; what its time is made of, in this process.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { session } from '../machines/session/index.ts'
import type { SessionPolicy } from '../machines/session/policy.ts'
import type { Findings, MessageFindings } from '../machines/vocabulary/findings.ts'
import { newId } from '../src/actors/identity.ts'
import { backtest } from '../src/backtest/index.ts'
import type { Summary } from '../src/backtest/report.ts'
import { parseConfig } from '../src/config/load.ts'
import { sessionPolicy } from '../src/config/session-policy.ts'
import type { Append } from '../src/log/port.ts'
import { openSqliteLog, openSqliteReader } from '../src/log/sqlite/index.ts'
import { policyHash } from '../src/policies.ts'
import { policyAppend, record, type Said } from '../test/history/recorder.ts'
import type { Installed } from './fsmtp.ts'
import { median } from './rounds.ts'
import { perSecond, type Row } from './table.ts'

const configured = (policy: object): SessionPolicy =>
  sessionPolicy(
    parseConfig(JSON.stringify({ hostname: 'mx.example.org', domains: [{ name: 'example.org' }], policy }), {
      ...{ shown: null, file: null, folder: '.', data: '.' },
    }).config,
    'mx',
  )

const lists = [
  { zone: 'zen.spamhaus.org', on: 'refuse' },
  { zone: 'dbl.spamhaus.org', of: 'domains', on: 'tag' },
]
/** In force while the mail came, and the one that is tried. */
const before = {
  dnsbl: lists,
  spf: { fail: 'tag' },
  rates: [{ of: 'address', messages: 100, per: '1m', on: 'defer' }],
}
const tried = {
  ...before,
  spf: { fail: 'refuse', softfail: 'tag' },
  helo: { invalid: 'refuse' },
  reverseName: { missing: 'greylist' },
  karma: { below: -20, on: 'defer' },
  block: { networks: ['203.0.113.0/24'] },
}

type Sender = { readonly address: string; readonly domain: string; readonly at: number }
const clear = (zone: string, of: 'address' | 'domain', subject: string) =>
  ({ zone, of, subject, result: 'clear' }) as const

/** Of ten mails one comes from where its domain does not send, another from a host without a name. */
const findingsOf = ({ address, domain, at }: Sender): Findings => ({
  reverseName:
    at % 10 === 1 ? { result: 'missing', name: null } : { result: 'confirmed', name: `mail.${domain}` },
  helo: { result: 'resolved', name: `mail.${domain}` },
  spf: {
    identity: 'mailfrom',
    domain,
    ...(at % 10 === 0
      ? { result: 'fail', mechanism: '-all' }
      : { result: 'pass', mechanism: `ip4:${address}/32` }),
  },
  listings: [clear('zen.spamhaus.org', 'address', address), clear('dbl.spamhaus.org', 'domain', domain)],
  rates: [{ of: 'address', subject: address, messages: 1 + (at % 7), per: 60_000 }],
  acquaintance: { waited: null, accepted: at % 5 },
  karma: { network: `${address.replace(/\d+$/, '0')}/24`, score: 40 - (at % 50) },
})

const messageOf = ({ domain, at }: Sender): MessageFindings => ({
  author: { result: 'one', domains: [domain] },
  dkim: ['s1', 's2'].map((selector) => ({
    ...{ result: 'pass', domain, selector, algorithm: 'rsa-sha256', bits: 2048, signature: 'Hf0Zk2bX' },
  })),
  arc: { result: 'none', sealers: [] },
  dmarc:
    at % 25 === 0
      ? { result: 'fail', domain, record: domain, policy: 'quarantine' }
      : { result: 'pass', domain, record: domain, policy: 'reject', by: ['spf', 'dkim'] },
  listings: [clear('dbl.spamhaus.org', 'domain', domain)],
})

const saidBy = (sender: Sender, id: string, policy: string): readonly Said[] => {
  const { address, domain, at } = sender
  const peer = { address, port: 30_000 + (at % 30_000), name: null }
  const greeting = { type: 'EHLO', helo: `mail.${domain}` }
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' }
  const local = { address: '192.0.2.25', port: 25 }
  const inputs: readonly (readonly [line: string | null, input: object])[] = [
    [
      null,
      {
        type: 'OPEN',
        service: 'mx',
        local,
        peer,
        proxy: null,
        tls: null,
        policy,
        trusted: false,
        node: 'mx',
        door: 'open',
      },
    ],
    [`EHLO mail.${domain}`, greeting],
    ['STARTTLS', { type: 'STARTTLS' }],
    [null, { type: 'SECURED', tls }],
    [`EHLO mail.${domain}`, greeting],
    [
      `MAIL FROM:<bounce+${at}@${domain}> SIZE=40000`,
      { type: 'MAIL', sender: `bounce+${at}@${domain}`, size: 40_000 },
    ],
    [null, { type: 'EXAMINED', session: id, ...findingsOf(sender) }],
    [
      'RCPT TO:<ann@example.org>',
      { type: 'RCPT', recipient: 'ann@example.org', place: { kind: 'mailbox', mailbox: 'ann@example.org' } },
    ],
    ['DATA', { type: 'DATA' }],
    [
      '(38012 bytes)',
      {
        ...{
          type: 'CONTENT',
          message: id,
          size: 38_012,
          sha256: '5f'.repeat(32),
          received: 2,
          subject: 'What is new this week',
        },
        ...{
          from: `Example News <news@${domain}>`,
          messageId: `<${at}.1@${domain}>`,
          authors: [`news@${domain}`],
        },
        authentication: messageOf(sender),
      },
    ],
    ['QUIT', { type: 'QUIT' }],
  ]
  return inputs.map(([line, input]) => ({ ...(line !== null && { line }), input: input as Said['input'] }))
}

/** As a server writes them: what belongs to the mail at once, the end by itself, a little later. */
const appendsOf = (at: number, policy: SessionPolicy, hash: string): readonly [Append, Append] => {
  const id = newId()
  const sender = { address: `198.51.${at % 100}.${at % 250}`, domain: `sender${at % 5000}.example`, at }
  const events = record(session, policy, saidBy(sender, id, hash), { start: Date.UTC(2026, 0, 1) + at * 400 })
  const stream = `smtp_session-${id}`
  return [
    { stream, expected: -1, events: events.slice(0, -1) },
    { stream, expected: events.length - 2, events: events.slice(-1) },
  ]
}

/** Sessions that are open at once. */
const together = 25
const fill = async (directory: string, sessions: number): Promise<void> => {
  const policy = configured(before)
  const hash = policyHash(policy)
  const log = await openSqliteLog({ directory })
  try {
    await log.append([policyAppend(hash, policy)])
    for (let done = 0; done < sessions; done += together) {
      const both = Array.from({ length: together }, (_, at) => appendsOf(done + at, policy, hash))
      await log.append(both.map(([mail]) => mail))
      await log.append(both.map(([, end]) => end))
    }
  } finally {
    await log.close()
  }
}

type Cost = { readonly main: number; readonly helpers: number }

const spent = (): Cost => {
  const [main, all] = [process.threadCpuUsage(), process.cpuUsage()]
  const own = main.user + main.system
  return { main: own, helpers: all.user + all.system - own }
}

/** Microseconds of processor time that each session takes of it: of the main thread, and of V8's helpers. Medians of five. */
const cost = async (sessions: number, work: () => Promise<unknown>): Promise<Cost> => {
  const rounds: Cost[] = []
  for (let round = 0; round < 5; round++) {
    const before = spent()
    await work()
    const after = spent()
    rounds.push({ main: after.main - before.main, helpers: after.helpers - before.helpers })
  }
  const middle = (of: keyof Cost): number => median(rounds.map((round) => round[of])) / sessions
  return { main: middle('main'), helpers: middle('helpers') }
}

type Costs = { readonly all: number; readonly told: string }

const breakdown = async (directory: string, sessions: number): Promise<Costs> => {
  const log = openSqliteReader({ directory })
  const rules = configured(tried).rules!
  try {
    const reading = await cost(sessions, async () => {
      for await (const _ of log.readAll(0, { filter: { categories: [session.category] } }));
    })
    const all = await cost(sessions, () => backtest({ log, rules }))
    const long = await cost(sessions, () => backtest({ log, rules, alwaysLong: true }))
    const us = (value: number): string => `${value.toFixed(1)} µs`
    const [judging, slowly] = [all.main - reading.main, long.main - reading.main]
    const told = `${us(all.main)} a session: reading ${us(reading.main)}, judging ${us(judging)} (by the machine alone ${us(slowly)}); V8's helpers beside it ${us(all.helpers)}`
    return { all: all.main, told }
  } finally {
    await log.close()
  }
}

export const measureBacktestRow = async (installed: Installed, sessions: number): Promise<Row> => {
  await fill(installed.data, sessions)
  const policy = join(installed.data, 'tried.yaml')
  writeFileSync(policy, JSON.stringify(tried))
  const printed = installed.command(['backtest', '--policy', policy, '--json'], { exit: 1 })
  const summary = JSON.parse(printed.trim().split('\n').at(-1)!) as Summary
  if (summary.sessions !== sessions || summary.changed === 0)
    throw new Error(`the backtest was of something else: ${JSON.stringify(summary)}`)
  const { all, told } = await breakdown(installed.data, sessions)
  return {
    what: 'backtest of recorded sessions of one mail each, in a second of one core',
    value: 1e6 / all,
    unit: 'perSecond',
    must: 20_000,
    aim: 40_000,
    better: 'more',
    note: `${sessions.toLocaleString('en-US')} sessions of 11 facts; ${told}; the command by the clock, beside whatever else runs here: ${perSecond((sessions / summary.ms) * 1000)}`,
  }
}
