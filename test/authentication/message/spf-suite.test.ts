/** Every vector of the public suite for RFC 7208 (`openspf/README.md`). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { examineSpf } from '../../../src/authentication/message/spf.ts'
import { type Answers, DnsFault, type RecordType, type Resolver } from '../../../src/dns/port.ts'

type Entry = 'TIMEOUT' | Readonly<Record<string, unknown>>
type Vector = {
  readonly helo: string
  readonly host: string
  readonly mailfrom: string
  readonly result: string | readonly string[]
  readonly explanation?: string
}
type Suite = {
  readonly description: string
  readonly tests: Readonly<Record<string, Vector>>
  readonly zonedata: Readonly<Record<string, readonly Entry[]>>
}

const text = readFileSync(new URL('openspf/rfc7208-tests.yml', import.meta.url), 'utf8')
const suites: readonly Suite[] = parseAllDocuments(text)
  .map((document): Suite | null => document.toJS())
  .filter((suite) => suite !== null)

/** Type SPF stands for TXT where a name has no TXT of its own; TIMEOUT is for all types that are not there. */
const valuesOf = (entries: readonly Entry[], type: string): readonly unknown[] => {
  const pairs = entries.flatMap((entry) => (entry === 'TIMEOUT' ? [] : Object.entries(entry)))
  const hasText = pairs.some(([key]) => key === 'TXT')
  return pairs
    .map(([key, value]) => [key === 'SPF' && !hasText ? 'TXT' : key, value] as const)
    .filter(([key, value]) => key === type && value !== 'NONE')
    .map(([, value]) => value)
}

const answer = (type: string, value: unknown): unknown => {
  if (type === 'TXT') return Array.isArray(value) ? value : [value]
  return type === 'MX' && Array.isArray(value) ? { priority: value[0], exchange: value[1] } : value
}

const mostAliases = 10

const resolverFor = ({ zonedata }: Suite): Resolver => {
  const zone = new Map(Object.entries(zonedata).map(([name, entries]) => [name.toLowerCase(), entries]))
  const follow = async <Type extends RecordType>(
    name: string,
    type: Type,
    aliases = 0,
  ): Promise<Answers[Type]> => {
    const asked = `${type} of ${name}`
    // As servers answer where aliases lead in a circle.
    if (aliases > mostAliases) throw new DnsFault('ESERVFAIL', asked)
    const entries = zone.get(name.toLowerCase().replace(/\.$/, ''))
    if (entries === undefined) throw new DnsFault('ENOTFOUND', asked)
    const [alias] = valuesOf(entries, 'CNAME')
    if (typeof alias === 'string' && type !== 'CNAME') return follow(alias, type, aliases + 1)
    const values = valuesOf(entries, type)
    if (values.includes('TIMEOUT')) throw new DnsFault('ETIMEOUT', asked)
    if (values.length > 0) return values.map((value) => answer(type, value)) as Answers[Type]
    throw new DnsFault(entries.includes('TIMEOUT') ? 'ETIMEOUT' : 'ENODATA', asked)
  }
  return { resolve: (name, type) => follow(name, type) }
}

/** Names are made without case: the suite writes an IPv6 address in capitals. */
const sameText = (found: string | undefined, wanted: string): void =>
  assert.equal(found?.toLowerCase(), wanted.toLowerCase())

for (const suite of suites) {
  const resolver = resolverFor(suite)
  for (const [name, { host, helo, mailfrom, result, explanation = 'DEFAULT' }] of Object.entries(
    suite.tests,
  )) {
    test(`${suite.description}: ${name}`, async () => {
      const finding = await examineSpf({
        address: host,
        helo,
        sender: mailfrom,
        resolver,
        receiver: 'receiver',
      })
      const allowed = typeof result === 'string' ? [result] : result
      assert.ok(allowed.includes(finding.result), `${finding.result} (${finding.about}), not ${allowed}`)
      if (explanation !== 'DEFAULT') sameText(finding.about, explanation)
    })
  }
}

test('all of the suite is here', () => {
  assert.equal(suites.flatMap(({ tests }) => Object.keys(tests)).length, 203)
})
