import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Listing } from '../../../machines/vocabulary/findings.ts'
import {
  type Lists,
  type ListsOptions,
  type Notice,
  openLists,
} from '../../../src/authentication/client/index.ts'
import { readCodes } from '../../../src/authentication/client/list.ts'
import { codesOf } from '../../../src/authentication/client/zones.ts'
import { scratch } from '../../scratch.ts'
import { eachRow, rowsOf } from '../../tables/table.ts'
import { type Faked, resolverOf } from './zone.ts'

const table = new URL('listings.md', import.meta.url)

/** `meanings: 127.0.0.3=proxy`, `codes: 127.0.1.2`. */
const settingsOf = (zone: string, config: string) => {
  const [key, value = ''] = config.split(': ')
  const [code = '', meaning = ''] = value.split('=')
  return {
    zone,
    ...(key === 'meanings' && { meanings: { [code]: meaning } }),
    ...(key === 'codes' && { codes: [code] }),
  }
}

eachRow(table, 'Answers', ({ cell }) => {
  const codes = codesOf(settingsOf(cell('zone'), cell('config')))
  const {
    result,
    codes: found = [],
    meanings,
    about,
    alarming,
  } = readCodes(cell('answers').split(' '), codes)
  const parts = [
    `${result} ${found.join(' ')}${meanings === undefined ? '' : `: ${meanings.join(', ')}`}`,
    ...(about === undefined ? [] : [about]),
    ...(alarming ? ['alarm'] : []),
  ]
  assert.equal(parts.join('; '), cell('what it is'))
})

const good = `2.0.0.127.bl.test A 127.0.0.2
TEST.dom.test A 127.0.0.2
`

type Place = {
  readonly lists: Lists
  readonly resolver: Faked
  readonly notices: Notice[]
  zone: string
  now: number
}

/** A list of addresses and one of domains, both good, and whatever `zone` has more. */
const placeWith = (zone: string, options: Partial<ListsOptions> = {}): Place => {
  const notices: Notice[] = []
  const place = { zone, now: 0, notices }
  const resolver = resolverOf(() => place.zone)
  const lists = openLists({
    lists: [
      { zone: 'bl.test', of: 'addresses' },
      { zone: 'dom.test', of: 'domains' },
    ],
    ...{ resolver, now: () => place.now, notice: (notice: Notice) => notices.push(notice) },
    ...options,
  })
  return Object.assign(place, { lists, resolver })
}

const tests = ['A 2.0.0.127.bl.test', 'A 1.0.0.127.bl.test', 'A TEST.dom.test', 'A INVALID.dom.test']

for (const { cell, line } of rowsOf(table, 'What is asked'))
  test(`listings.md:${line} What is asked`, async (context) => {
    const { lists, resolver } = placeWith(good)
    context.after(() => lists.close())
    const subject = cell('subject')
    if (/^[\d.:a-f%]+(?:eth0)?$|^::|^no/.test(subject)) await lists.ask({ address: subject })
    else await lists.ask({ domains: subject.split(' ') })
    const asked = resolver.asked.filter((question) => !tests.includes(question))
    assert.deepEqual(
      asked,
      cell('questions') === ''
        ? []
        : cell('questions')
            .split('\n')
            .map((name) => `A ${name}`),
    )
  })

const words = (listings: readonly Listing[]): readonly string[] =>
  listings.map(({ zone, of, subject, result, codes = [], about = '' }) =>
    [zone, of, subject, result, ...codes, about].filter((word) => word !== '').join(' '),
  )

test('listed, clear, and what went wrong', async (context) => {
  const place = placeWith(`${good}1.2.0.192.bl.test A 127.0.0.3
3.2.0.192.bl.test fails SERVFAIL
4.2.0.192.bl.test fails silent
bad.example.dom.test A 127.0.0.2`)
  context.after(() => place.lists.close())
  const ask = async (address: string) => words(await place.lists.ask({ address }))[0]
  assert.equal(await ask('192.0.2.1'), 'bl.test address 192.0.2.1 listed 127.0.0.3')
  assert.equal(await ask('192.0.2.2'), 'bl.test address 192.0.2.2 clear')
  assert.equal(await ask('192.0.2.3'), 'bl.test address 192.0.2.3 error the name server failed (SERVFAIL)')
  assert.equal(await ask('192.0.2.4'), 'bl.test address 192.0.2.4 error no answer in time')
  assert.deepEqual(words(await place.lists.ask({ domains: ['good.example', 'bad.example'] })), [
    'dom.test domain good.example clear',
    'dom.test domain bad.example listed 127.0.0.2',
  ])
  assert.deepEqual(place.notices, [])
})

const bad = [
  ['an empty list', '', 'it does not list 127.0.0.2, as if it were empty'],
  [
    'a list of everybody',
    '2.0.0.127.bl.test A 127.0.0.2\n1.0.0.127.bl.test A 127.0.0.2',
    'it lists 127.0.0.1, as if it listed everybody',
  ],
  [
    'a list that complains',
    '2.0.0.127.bl.test A 127.255.255.254\n1.0.0.127.bl.test A 127.255.255.254',
    'asked for 127.0.0.2: asked through a public resolver, which the list does not answer (127.255.255.254)',
  ],
  [
    'a parked domain',
    '2.0.0.127.bl.test A 203.0.113.9\n1.0.0.127.bl.test A 203.0.113.9',
    'asked for 127.0.0.2: somebody else answers in its place (203.0.113.9)',
  ],
] as const

for (const [kind, zone, about] of bad)
  test(`${kind} is set aside, and taken back when it passes its test`, async (context) => {
    const place = placeWith(`${zone}\n1.2.0.192.bl.test A 127.0.0.2`, {
      lists: [{ zone: 'bl.test', of: 'addresses' }],
    })
    context.after(() => place.lists.close())
    const ask = async () => words(await place.lists.ask({ address: '192.0.2.1' }))
    assert.deepEqual(await ask(), [`bl.test address 192.0.2.1 set-aside ${about}`])
    assert.deepEqual(place.lists.standing(), [
      { zone: 'bl.test', of: 'addresses', state: 'set-aside', about },
    ])
    assert.ok(!place.resolver.asked.includes('A 1.2.0.192.bl.test'))
    place.zone = `${good}1.2.0.192.bl.test A 127.0.0.2`
    await place.lists.test()
    assert.deepEqual(await ask(), ['bl.test address 192.0.2.1 listed 127.0.0.2'])
    assert.equal(place.lists.standing()[0]?.state, 'believed')
    assert.deepEqual(
      place.notices.map(({ kind: each, zone: of, text }) => [each, of, text]),
      [
        ['set-aside', 'bl.test', about],
        ['taken-back', 'bl.test', 'it passes its test again'],
      ],
    )
  })

test('a list that never answered is not believed; one that was believed and is silent goes on', async (context) => {
  const silent = '2.0.0.127.bl.test fails silent\n1.0.0.127.bl.test fails silent'
  const place = placeWith(silent, { lists: [{ zone: 'bl.test', of: 'addresses' }] })
  context.after(() => place.lists.close())
  const ask = async () => words(await place.lists.ask({ address: '192.0.2.1' }))
  assert.deepEqual(await ask(), [
    'bl.test address 192.0.2.1 set-aside asked for 127.0.0.2: no answer in time',
  ])
  assert.equal(place.lists.standing()[0]?.state, 'untested')
  place.zone = good
  await place.lists.test()
  place.zone = `${silent}\n1.2.0.192.bl.test A 127.0.0.2`
  await place.lists.test()
  assert.deepEqual(await ask(), ['bl.test address 192.0.2.1 listed 127.0.0.2'])
  assert.deepEqual(place.notices, [])
})

/** All that waits for nothing but each other is done. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

test('a list is tested hourly; one that is set aside, every five minutes', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const place = placeWith(good, { lists: [{ zone: 'bl.test', of: 'addresses' }] })
  context.after(() => place.lists.close())
  const tested = () => place.resolver.asked.filter((question) => question === tests[0]).length
  await settled()
  assert.equal(tested(), 1)
  context.mock.timers.tick(3_599_999)
  await settled()
  assert.equal(tested(), 1)
  place.zone = ''
  context.mock.timers.tick(1)
  await settled()
  assert.equal(tested(), 2)
  assert.equal(place.lists.standing()[0]?.state, 'set-aside')
  place.zone = good
  context.mock.timers.tick(300_000)
  await settled()
  assert.equal(tested(), 3)
  assert.equal(place.lists.standing()[0]?.state, 'believed')
  place.lists.close()
  context.mock.timers.tick(10_000_000)
  await settled()
  assert.equal(tested(), 3)
})

test('lists that are closed in the middle of a test are not tested again', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const place = placeWith(good)
  place.lists.close()
  await settled()
  const before = place.resolver.asked.length
  context.mock.timers.tick(10_000_000)
  await settled()
  assert.equal(place.resolver.asked.length, before)
})

test('answers that are none are told once an hour for each list', async (context) => {
  const place = placeWith(`${good}1.2.0.192.bl.test A 127.255.255.255\na.example.dom.test A 127.9.9.9`)
  context.after(() => place.lists.close())
  const hour = 3_600_000
  for (const time of [0, 1, hour - 1, hour, hour + 1]) {
    place.now = time
    const [listing] = await place.lists.ask({ address: '192.0.2.1' })
    assert.equal(listing?.result, 'error')
    await place.lists.ask({ domains: ['a.example'] })
  }
  assert.deepEqual(
    place.notices.map(({ kind, zone }) => `${kind} ${zone}`),
    ['error bl.test', 'error dom.test', 'error bl.test', 'error dom.test'],
  )
})

test('a resolver that says nothing at all costs the time-out, of the first question too', async (context) => {
  const hanging: Faked = {
    asked: [],
    resolve: (_name, _type, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(fault))
      }),
  }
  const { DnsFault } = await import('../../../src/dns/index.ts')
  const fault = new DnsFault('ECANCELLED', 'A of it')
  const lists = openLists({ lists: [{ zone: 'bl.test', of: 'addresses' }], resolver: hanging, timeout: 30 })
  context.after(() => lists.close())
  assert.deepEqual(words(await lists.ask({ address: '192.0.2.1' })), [
    'bl.test address 192.0.2.1 set-aside it has not been tested yet',
  ])
})

const key = 'k3yk3yk3yk3yk3yk3yk3yk3yk3'

test('a key becomes part of the name, and of nothing else', async (context) => {
  const texts: Record<string, string> = { 'key.txt': ` ${key}\n` }
  const read = async (file: string): Promise<string> => {
    const text = texts[file]
    if (text === undefined) throw Object.assign(new Error(`ENOENT: no such file, ${key}`), { code: 'ENOENT' })
    return text
  }
  const zone = `2.0.0.127.${key}.bl.test A 127.0.0.2
1.2.0.192.${key}.bl.test A 127.0.0.2
2.2.0.192.${key}.bl.test A 127.255.255.250
3.2.0.192.${key}.bl.test fails SERVFAIL
4.2.0.192.${key}.bl.test fails REFUSED`
  const place = placeWith(zone, { lists: [{ zone: 'bl.test', of: 'addresses', keyFile: 'key.txt' }], read })
  context.after(() => place.lists.close())
  const said: unknown[] = []
  for (const last of [1, 2, 3, 4, 5]) said.push(await place.lists.ask({ address: `192.0.2.${last}` }))
  assert.match(JSON.stringify(said), /"listed".*"error".*"error".*"error".*"clear"/)
  assert.ok(place.resolver.asked.every((question) => question.includes(`.${key}.bl.test`)))
  // Another key is read with the next test; none, and one that cannot be, set the list aside.
  texts['key.txt'] = 'not a key'
  await place.lists.test()
  said.push(place.lists.standing(), await place.lists.ask({ address: '192.0.2.1' }))
  assert.match(JSON.stringify(said.at(-1)), /"set-aside","about":"key\.txt holds no key"/)
  delete texts['key.txt']
  await place.lists.test()
  said.push(place.lists.standing())
  assert.match(JSON.stringify(said.at(-1)), /its key cannot be read from key\.txt \(ENOENT\)/)
  place.now = 10_000_000
  texts['key.txt'] = key
  await place.lists.test()
  assert.equal(place.lists.standing()[0]?.state, 'believed')
  assert.ok(place.notices.length >= 3)
  assert.ok(!JSON.stringify([said, place.notices, place.lists.standing()]).includes(key))
})

test('a pipe in the place of a key is not waited for', async (context) => {
  const file = join(scratch('key'), 'key')
  execFileSync('mkfifo', [file])
  const lists = openLists({
    lists: [{ zone: 'bl.test', of: 'addresses', keyFile: file }],
    resolver: { resolve: () => Promise.reject(new Error('nobody asks')) },
  })
  context.after(() => lists.close())
  await lists.test()
  assert.equal(lists.standing()[0]?.about, `its key cannot be read from ${file} (no plain file)`)
})
