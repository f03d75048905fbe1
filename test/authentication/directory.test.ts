import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownsAddress } from '../../machines/session/judgements.ts'
import { Directory } from '../../src/authentication/directory.ts'
import { Enrolment } from '../../src/authentication/enrolment.ts'
import { mailboxName } from '../../src/authentication/spelling.ts'
import { openSqliteLog, openSqliteReader } from '../../src/log/sqlite/index.ts'
import { scratch } from '../scratch.ts'
import { added, Book, configured, domain, removed } from './events.ts'

const mailbox = (name: string) => ({ kind: 'mailbox', mailbox: name })

test('a removed account gets no mail, and gives its addresses to who claimed them next', () => {
  const book = new Book(configured(), [
    added('alice@example.org', ['alice@example.org', 'info@example.org']),
    added('bob@example.org', ['bob@example.org', 'info@example.org']),
  ])
  assert.deepEqual(book.directory.place('info@example.org'), mailbox('alice@example.org'))
  book.tell(removed('alice@example.org'))
  assert.deepEqual(book.directory.place('alice@example.org'), { kind: 'unknown', domain: 'example.org' })
  assert.deepEqual(book.directory.place('info@example.org'), mailbox('bob@example.org'))
  assert.deepEqual(
    book.directory.accounts().map(({ name }) => name),
    ['bob@example.org'],
  )
  book.tell(added('alice@example.org'))
  assert.deepEqual(book.directory.place('alice@example.org'), mailbox('alice@example.org'))
  assert.equal(book.directory.revision('account-alice@example.org'), 2)
})

test('a changed password keeps the addresses, and the order of accounts', () => {
  const book = new Book(configured(), [added('alice@example.org'), added('bob@example.org')])
  const account = 'alice@example.org'
  book.tell([`account-${account}`, 'AccountPasswordChanged', { account, password: 'new' }])
  assert.equal(book.directory.account('ALICE@example.org')?.password, 'new')
  assert.deepEqual(book.directory.place('postmaster'), mailbox('alice@example.org'))
})

test('postmaster has a mailbox even where there is no account at all', () => {
  const { directory } = new Book(configured())
  assert.deepEqual(directory.place('postmaster@example.org'), mailbox('postmaster@example.org'))
  const homeless = new Book(configured({ domains: [] })).directory
  assert.deepEqual(homeless.place('postmaster'), mailbox('postmaster@mx.example.org'))
})

test('a configuration read again changes the domains, those of the log stay', () => {
  const book = new Book(configured(), [domain('example.net', 'x@example.net'), added('a@example.org')])
  book.directory.reconfigure(
    configured({ domains: [{ name: 'example.com', catchAll: 'c@example.com', dkim: [] }] }),
  )
  assert.deepEqual(book.directory.place('a@example.org'), { kind: 'foreign', nextHop: 'example.org' })
  assert.deepEqual(book.directory.place('z@example.com'), mailbox('c@example.com'))
  assert.deepEqual(book.directory.place('z@example.net'), mailbox('x@example.net'))
  const listed = book.directory.domains().map(({ name, origin }) => `${name} ${origin}`)
  assert.deepEqual(listed, ['example.com file', 'example.net log'])
})

test('an account may use its addresses, their sub-addresses, and any of a domain it catches; the machine agrees', () => {
  const config = configured({
    domains: [
      { name: 'example.org', dkim: [] },
      { name: 'bücher.example', catchAll: 'bob@example.org', dkim: [] },
    ],
  })
  const { directory } = new Book(config, [
    added('alice@example.org', ['alice@example.org', 'a.smith@example.org', 'alice@straße.example']),
    added('bob@example.org'),
  ])
  const may: readonly (readonly [string, string, boolean])[] = [
    ['alice@example.org', 'alice@example.org', true],
    ['alice@example.org', 'ALICE@EXAMPLE.ORG', true],
    ['alice@example.org', 'a.smith+shop@example.org', true],
    ['alice@example.org', '"alice"@example.org', true],
    ['alice@example.org', 'alice@straße.example', true],
    ['alice@example.org', 'alice@xn--strae-oqa.example', true],
    ['alice@example.org', 'bob@example.org', false],
    ['alice@example.org', 'alice@example.net', false],
    ['alice@example.org', 'anybody@bücher.example', false],
    ['bob@example.org', 'anybody@bücher.example', true],
    ['bob@example.org', 'anybody@xn--bcher-kva.example', true],
    ['bob@example.org', 'alice@example.org', false],
  ]
  for (const [account, address, expected] of may) {
    assert.equal(directory.mayUse(account, address), expected, `${account} as ${address}`)
    const addresses = directory.addressesOf(directory.account(account)!)
    assert.equal(ownsAddress(address, { addresses }), expected, `machine: ${account} as ${address}`)
  }
  assert.equal(directory.mayUse('nobody@example.org', 'nobody@example.org'), false)
})

test('what another release wrote, or nobody understands, is passed over', () => {
  const book = new Book(configured(), [added('alice@example.org')])
  const odd = { position: 9, id: 'x', stream: 'account-x', revision: 0, version: 7, at: 0, meta: {} }
  book.directory.apply({ ...odd, type: 'AccountFrozen', data: { account: 'alice@example.org' } })
  book.directory.apply({
    ...odd,
    type: 'AccountAdded',
    data: { account: 'odd@example.org', addresses: 'none' },
  })
  assert.deepEqual(book.directory.place('odd@example.org'), mailbox('odd@example.org'))
  assert.deepEqual(book.directory.place('alice@example.org'), mailbox('alice@example.org'))
})

test('mailboxes have one name, however they are written', () => {
  assert.equal(mailboxName('Bob@XN--BCHER-KVA.example'), 'bob@bücher.example')
  assert.equal(mailboxName('"Bob"@Bücher.example'), 'bob@bücher.example')
  assert.equal(mailboxName('a+b@Example.org'), 'a+b@example.org')
  assert.equal(mailboxName('bob@10.1'), 'bob@10.1')
})

test('a directory reads the log, follows it, and says when it has seen a position', async () => {
  const directory = scratch('directory')
  const log = await openSqliteLog({ directory })
  const ending = new AbortController()
  const config = configured()
  try {
    const before = new Book(config).directory
    const first = await new Enrolment({ directory: before, log }).addAccount({
      addresses: ['alice@example.org'],
      password: 'correct horse',
    })
    assert.ok(first.ok)
    const live = await Directory.open({
      log,
      config,
      signal: ending.signal,
      onFault: (error) => assert.fail(String(error)),
    })
    assert.deepEqual(live.place('alice@example.org'), mailbox('alice@example.org'))
    const second = await new Enrolment({ directory: live, log }).addDomain({
      name: 'Example.NET',
      catchAll: 'alice@example.org',
    })
    assert.ok(second.ok)
    await live.until(second.position)
    assert.deepEqual(live.place('any@example.net'), mailbox('alice@example.org'))
    const reader = openSqliteReader({ directory })
    const known = await Directory.read(reader, config)
    assert.deepEqual(
      known.domains().map(({ name }) => name),
      ['example.org', 'example.net'],
    )
    await reader.close()
  } finally {
    ending.abort()
    await log.close()
  }
})
