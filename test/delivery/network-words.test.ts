/** What libraries say of connections, told to people who run mail. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inFullWords, inWords } from '../../src/delivery/network-words.ts'

const errorOf = (message: string, more: object = {}): Error => Object.assign(new Error(message), more)

test('a code that is known has its words', () => {
  const advice =
    'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca'
  const error = errorOf(advice, { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  assert.equal(inWords(error), 'the authority that signed it is not known here (SELF_SIGNED_CERT_IN_CHAIN)')
  assert.match(inFullWords(error), /^its certificate is not valid: the authority /)
  const refused = errorOf('connect ECONNREFUSED 192.0.2.1:25', { code: 'ECONNREFUSED' })
  assert.equal(inFullWords(refused), 'connection refused (ECONNREFUSED)')
})

test('of others nothing is told but their code, and the few words of OpenSSL', () => {
  const long = '20B0:error:0A00010B:SSL routines:tls_x:bad thing:../deps/openssl/openssl/ssl/x.c:355:\n'
  assert.equal(inWords(errorOf(long, { code: 'ERR_SSL_X', reason: 'bad thing' })), 'bad thing (ERR_SSL_X)')
  assert.equal(
    inWords(errorOf(long, { code: 'ERR_SSL_X' }), 'the handshake failed'),
    'the handshake failed (ERR_SSL_X)',
  )
  assert.equal(inWords(errorOf(long, { code: 'toString' })), 'it failed (toString)')
  assert.equal(inWords(errorOf(long, { code: 'a\r\nb', reason: 'c\nd' })), 'it failed')
  assert.equal(inWords(errorOf(long)), 'it failed')
})
