/**
 * What it costs to look at who sent a mail: processor time of this process for a small mail with one RSA signature, all that DNS says at
 * hand. Each part is measured by itself, then all of it together.
 */
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { readAuthor } from '../src/authentication/message/author.ts'
import { BodyHashes } from '../src/authentication/message/body-hashes.ts'
import { MessageExaminer } from '../src/authentication/message/examiner.ts'
import { headOf } from '../src/authentication/message/head.ts'
import { resultsLines } from '../src/authentication/message/results.ts'
import { examineSpf } from '../src/authentication/message/spf.ts'
import { type Answers, DnsFault, type RecordType, type Resolver } from '../src/dns/port.ts'
import type { Row } from './table.ts'

const address = '192.0.2.1'
const names = {
  'example.org': 'v=spf1 include:_spf.example.org -all',
  '_spf.example.org': 'v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 ip4:192.0.2.0/24 ~all',
  '_dmarc.example.org': 'v=DMARC1; p=reject; rua=mailto:dmarc@example.org',
}
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`
const zone = new Map(Object.entries({ ...names, 's1._domainkey.example.org': key }))
const resolver: Resolver = {
  resolve: async <Type extends RecordType>(name: string, type: Type): Promise<Answers[Type]> => {
    const text = type === 'TXT' ? zone.get(name) : undefined
    if (text === undefined) throw new DnsFault('ENOTFOUND', name)
    return [[text]] as Answers[Type]
  },
}

/** 4 KiB with its signature, as large senders write them. */
const fields = [
  'From: Example News <news@example.org>',
  'To: Ann <ann@example.net>',
  'Subject: What is new this week',
  'Date: Thu, 01 Jan 2026 00:00:00 +0000',
  'Message-ID: <20260101.1@example.org>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
]
const body = 'A line of text as long as most of them are, and then a few words more.\r\n'.repeat(43)
const signed = (): Buffer => {
  const bh = createHash('sha256').update(body).digest('base64')
  const listed = fields.map((field) => field.slice(0, field.indexOf(':')).toLowerCase())
  const own = `dkim-signature:v=1; a=rsa-sha256; c=relaxed/simple; d=example.org; s=s1; h=${listed.join(':')}; bh=${bh}; b=`
  const relaxed = fields.map((field, at) => `${listed[at]}:${field.slice(field.indexOf(':') + 2)}\r\n`)
  const value = sign('sha256', Buffer.from(`${relaxed.join('')}${own}`), privateKey).toString('base64')
  return Buffer.from(
    `${own}${value}\r\nReceived: from x by y; Thu, 01 Jan 2026 00:00:00 +0000\r\n${fields.join('\r\n')}\r\n\r\n${body}`,
  )
}

const question = { address, helo: 'mail.example.org', sender: 'bounce@example.org', resolver }
const examine = (content: Buffer, from: Partial<ConstructorParameters<typeof MessageExaminer>[0]> = {}) => {
  const examiner = new MessageExaminer({ resolver, hostname: 'mx.example.net', draw: 0, ...from })
  examiner.push(content)
  return examiner.end()
}

/** Milliseconds of processor time for one. */
const cost = async (work: () => unknown, times: number): Promise<number> => {
  for (let warm = 0; warm < times / 4; warm++) await work()
  const before = process.cpuUsage()
  for (let done = 0; done < times; done++) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / times
}

const sample = Buffer.alloc(1024)
const signature = sign('sha256', sample, privateKey)
const octets = Buffer.from(body)
const bodyHash = (): string => {
  const bodies = new BodyHashes()
  const hash = bodies.add('relaxed', 'sha256')
  bodies.write(octets)
  bodies.end()
  return hash.digest('base64')
}

export const measureAuthenticationRow = async (rounds: number): Promise<Row> => {
  const content = signed()
  const unsigned = content.subarray(content.indexOf('Received'))
  const whole = async (): Promise<string> => {
    const spf = await examineSpf(question)
    const authentication = await examine(content, { spf })
    return resultsLines({ ...question, hostname: 'mx.example.net', examined: { spf }, authentication })
  }
  const said = await whole()
  for (const found of ['spf=pass', 'dkim=pass', 'dmarc=pass'])
    if (!said.includes(found)) throw new Error(`the mail of the measurement was not believed: ${said}`)
  const found = await examine(content)
  const facts = { ...question, hostname: 'mx.example.net', authentication: found }
  const times = 500 * rounds
  const all = await cost(whole, times)
  const withSignature = await cost(() => examine(content), times)
  const without = await cost(() => examine(unsigned), times)
  const hashing = await cost(bodyHash, times)
  const rsa = await cost(() => verify('sha256', sample, publicKey, signature), times)
  const parts: Readonly<Record<string, number>> = {
    SPF: await cost(() => examineSpf(question), times),
    'DKIM: body': hashing,
    'DKIM: RSA': rsa,
    'DKIM: tags, key, fields': Math.max(0, withSignature - without - hashing - rsa),
    'header and author': await cost(() => readAuthor(headOf(content)), times),
    'all else for a mail without signature': without,
    'lines for the top': await cost(() => resultsLines(facts), times),
  }
  const breakdown = Object.entries(parts).map(([part, took]) => `${part} ${(took * 1000).toFixed(0)} µs`)
  return {
    what: 'looking at who sent a mail of 4 KiB, RSA 2048, DNS at hand',
    value: all,
    unit: 'ms',
    must: 1.5,
    aim: 0.7,
    better: 'less',
    note: `processor time of one mail, ${content.length} octets, the mean of ${times}: ${breakdown.join(', ')}`,
  }
}
