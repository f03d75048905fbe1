import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { test } from 'node:test'
import {
  decoyHash,
  generatePassword,
  hashPassword,
  judgePassword,
  verifyPassword,
} from '../../src/authentication/passwords.ts'
import { TooManyWaiting, Turnstile } from '../../src/authentication/turnstile.ts'

test('a hash is argon2id in PHC form, never the same twice, and only its password fits', async () => {
  const [one, two] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')])
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.notEqual(one, two)
  assert.equal(await verifyPassword('correct horse', one), true)
  assert.equal(await verifyPassword('correct horse', two), true)
  assert.equal(await verifyPassword('Correct horse', one), false)
  assert.equal(await verifyPassword('', one), false)
})

test('a hash other programs made, with other parameters, is understood', async () => {
  const nonce = Buffer.from('somesaltsomesalt')
  const options = { message: 'pässword', nonce, parallelism: 2, tagLength: 24, memory: 64, passes: 3 }
  const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  const stored = `$argon2id$v=19$m=64,t=3,p=2$${bare(nonce)}$${bare(argon2Sync('argon2id', options))}`
  assert.equal(await verifyPassword('pässword', stored), true)
  assert.equal(
    await verifyPassword('pa\u0308ssword', stored),
    true,
    'the same characters, composed otherwise',
  )
  assert.equal(await verifyPassword('passord', stored), false)
})

test('what is no argon2id hash, or would take all memory, matches nothing', async () => {
  const salt = 'c29tZXNhbHRzb21lc2FsdA'
  const hash = 'A'.repeat(43)
  for (const stored of [
    '',
    'secret',
    `$argon2i$v=19$m=64,t=3,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=9999999,t=3,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=64,t=999,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=64,t=0,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=4,t=3,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=64,t=3,p=1$${salt}$`,
  ])
    assert.equal(await verifyPassword('secret', stored), false, stored)
})

test('a decoy costs what a real hash costs', async () => {
  const parameters = (stored: string) => stored.split('$').slice(0, 4).join('$')
  assert.equal(parameters(decoyHash()), parameters(await hashPassword('correct horse')))
  assert.equal(await verifyPassword('correct horse', decoyHash()), false)
})

test('weak passwords are refused with the reason, which never repeats them', () => {
  const account = 'Alice.Smith@example.org'
  const refused: Readonly<Record<string, RegExp>> = {
    '': /is empty/,
    'a7b!c9d': /shorter than 8 characters/,
    'ß8ß!xyz': /shorter than 8/,
    aaaaaaaaaaaa: /repeats/,
    abababababab: /repeats/,
    Password1: /first that are tried/,
    'alice.smith@EXAMPLE.org': /name of the account/,
    'Alice.Smith': /name of the account/,
    'with\ttabulator': /control characters/,
    'with\0zero...': /control characters/,
    ['ab cdef'.repeat(50)]: /longer than 256 bytes/,
  }
  for (const [password, reason] of Object.entries(refused)) {
    const judged = judgePassword(password, { account })
    assert.ok(!judged.ok, JSON.stringify(password))
    assert.match(judged.reason, reason)
    if (password !== '') assert.ok(!judged.reason.includes(password))
  }
  for (const password of ['correct horse', 'a7b!c9d2', 'пароль-из-слов', generatePassword()])
    assert.deepEqual(judgePassword(password, { account }), { ok: true })
})

test('made passwords are four groups of five, and never the same', () => {
  const made = new Set(Array.from({ length: 100 }, generatePassword))
  assert.equal(made.size, 100)
  for (const password of made) assert.match(password, /^(?:[a-z2-9]{5}-){3}[a-z2-9]{5}$/)
})

test('two go through at a time, some wait in order, more are turned away', async () => {
  const turnstile = new Turnstile({ inside: 2, waiting: 2 })
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const entered: number[] = []
  const passes = gates.map(({ promise }, at) =>
    turnstile.pass(async () => {
      entered.push(at)
      await promise
      if (at === 1) throw new Error('failed inside')
      return at
    }),
  )
  await assert.rejects(
    turnstile.pass(async () => 5),
    TooManyWaiting,
  )
  assert.deepEqual(entered, [0, 1])
  gates[1]!.resolve()
  await assert.rejects(passes[1]!, /failed inside/)
  assert.deepEqual(entered, [0, 1, 2], 'whoever fails makes room too')
  for (const { resolve } of gates) resolve()
  assert.deepEqual(await Promise.all([passes[0], passes[2], passes[3]]), [0, 2, 3])
  assert.equal(await turnstile.pass(async () => 'again'), 'again')
})
