/** What is signed is ours: submitted by an account, or written here; and bodies that are at hand are not read again. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { MessageAccepted } from '../../../machines/vocabulary/events.ts'
import { smallContent } from '../../../src/content/port.ts'
import { type Bodies, FreshBodies } from '../../../src/delivery/fresh-bodies.ts'
import type { Signers, ToSign } from '../../../src/delivery/signing/index.ts'
import { sealingForwarded, signingOurs } from '../../../src/delivery/signing/ours.ts'

const mail = Buffer.from('From: ann@example.org\r\n\r\nhello\r\n')

const accepted = (more: Partial<MessageAccepted> = {}): MessageAccepted => ({
  ...{ message: 'm1', sender: 'ann@example.org', user: 'ann', recipients: [], received: 0, sha256: '' },
  ...{ size: mail.length, subject: null, from: null, messageId: null },
  trace: { by: 'mx', helo: '', peer: { address: '', port: 0, name: null }, protocol: 'ESMTP', tls: null },
  ...more,
})

const signersFor = (...domains: string[]) => {
  const signed: Omit<ToSign, 'content'>[] = []
  const signers: Signers = {
    ...{ warnings: [], isEmpty: domains.length === 0, has: (domain) => domains.includes(domain) },
    seal: async ({ content: _, ...asked }) => JSON.stringify(asked),
    sign: async ({ content, ...asked }) => {
      signed.push(asked)
      const chunks: Uint8Array[] = []
      for await (const chunk of content) chunks.push(chunk)
      return `signed ${Buffer.concat(chunks).length}`
    },
  }
  return { signers, signed }
}
const storeOf = (bytes: Uint8Array | null) => {
  const asked: string[] = []
  const bodies: Bodies = {
    read: async (id) => {
      asked.push(`read ${id}`)
      return bytes
    },
    stream: async (id) => {
      asked.push(`stream ${id}`)
      return bytes === null ? null : Readable.from([bytes])
    },
  }
  return { asked, bodies }
}

test('what an account submitted is signed for its author, and read once', async () => {
  const { signers, signed } = signersFor('example.org')
  const { bodies, asked } = storeOf(mail)
  assert.equal(await signingOurs(signers, bodies)(accepted(), 'Received: x\r\n'), `signed ${mail.length}`)
  assert.deepEqual(signed, [{ sender: 'ann@example.org', from: 'example.org', prefix: 'Received: x\r\n' }])
  assert.deepEqual(asked, ['read m1'])
})

test('a large one is read in pieces', async () => {
  const { signers } = signersFor('example.org')
  const { bodies, asked } = storeOf(mail)
  await signingOurs(signers, bodies)(accepted({ size: smallContent + 1 }), '')
  assert.deepEqual(asked, ['stream m1', 'stream m1'])
})

test('a notice of ours is signed, what is passed on is not', async () => {
  const { signers } = signersFor('example.org')
  const sign = signingOurs(signers, storeOf(mail).bodies)
  const cause = { delivery: 'd1', kind: 'failed' } as const
  assert.match(await sign(accepted({ user: null, cause }), ''), /^signed/)
  assert.equal(await sign(accepted({ user: null }), ''), '')
})

test('nothing is read where nobody has a key; nothing is signed for another domain, or without the body', async () => {
  const { bodies, asked } = storeOf(mail)
  assert.equal(await signingOurs(signersFor().signers, bodies)(accepted(), ''), '')
  assert.deepEqual(asked, [])
  assert.equal(await signingOurs(signersFor('example.net').signers, bodies)(accepted(), ''), '')
  assert.equal(await signingOurs(signersFor('example.org').signers, storeOf(null).bodies)(accepted(), ''), '')
})

test('bodies at hand are given from there, as long as there is room; the oldest go first', async () => {
  const { bodies, asked } = storeOf(null)
  const fresh = new FreshBodies(bodies, 10)
  fresh.keep('a', Buffer.from('12345'))
  fresh.keep('b', Buffer.from('12345'))
  assert.equal(String(await fresh.read('a')), '12345')
  fresh.keep('c', Buffer.from('1'))
  fresh.keep('too large', Buffer.from('12345678901'))
  assert.equal(await fresh.read('a'), null)
  assert.equal(String(await fresh.read('b')), '12345')
  const chunks: Uint8Array[] = []
  for await (const chunk of (await fresh.stream('c'))!) chunks.push(chunk as Uint8Array)
  assert.equal(String(Buffer.concat(chunks)), '1')
  assert.equal(await fresh.stream('too large'), null)
  assert.deepEqual(asked, ['read a', 'stream too large'])
})

test("what an alias hands on is sealed with what was found of a stranger's mail, by the alias's domain", async () => {
  const { signers } = signersFor('example.org')
  const seal = sealingForwarded(signers, storeOf(mail).bodies)
  const arc = { result: 'none', sealers: [] } as const
  const stranger = { user: null, sender: 'eve@example.com', authentication: { arc, dkim: [] } }
  assert.deepEqual(JSON.parse(await seal(accepted(stranger), 'sales@example.org', 'Received: x\r\n')), {
    ...{ domain: 'example.org', prefix: 'Received: x\r\n', arc, results: 'mx;\r\n\tdkim=none' },
  })
  assert.equal(await seal(accepted(stranger), 'sales@example.net', ''), '')
  assert.equal(await seal(accepted({ ...stranger, user: 'ann' }), 'sales@example.org', ''), '')
  assert.equal(await seal(accepted({ user: null }), 'sales@example.org', ''), '')
  assert.equal(
    await sealingForwarded(signers, storeOf(null).bodies)(accepted(stranger), 'sales@example.org', ''),
    '',
  )
})
