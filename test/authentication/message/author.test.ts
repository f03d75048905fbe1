import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressParser } from 'postal-mime'
import { readAuthor } from '../../../src/authentication/message/author.ts'
import { HeadReader, headOf } from '../../../src/authentication/message/head.ts'
import { eachRow } from '../../tables/table.ts'

const authorOf = (header: string) => readAuthor(headOf(Buffer.from(`${header}\r\n\r\nbody`)))

eachRow(new URL('author.md', import.meta.url), 'Author', ({ cell }) => {
  const { result, domains, poses } = authorOf(cell('header'))
  assert.deepEqual(
    { result, domains, poses: poses ?? '' },
    { result: cell('result'), domains: cell('domains').match(/\S+/g) ?? [], poses: cell('poses') },
  )
})

// A reader of other people, which has no types.
const nodemailer: (text: string) => readonly { readonly address?: string }[] = createRequire(import.meta.url)(
  'nodemailer/lib/addressparser',
)
const domainsSeen = (addresses: readonly { readonly address?: string | undefined }[]): string[] =>
  addresses.flatMap(({ address }) =>
    address?.includes('@') ? [address.split('@').pop()!.toLowerCase()] : [],
  )

test('where the answer is one, other readers see no other domain', () => {
  const piece = fc.constantFrom(
    ...['a@b.org', 'x@evil.net', '<', '>', '"', '\\', '(', ')', ',', ';', ':', '@', ' ', '.', '[', ']'],
    ...['bob', '\t', '\r\n ', '=?utf-8?Q?', '?=', '=40', '=?utf-8?B?eEBldmlsLm5ldA==?=', '<a@b.org>', '"x"'],
  )
  let ones = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const value = pieces.join('')
      const author = authorOf(`From: ${value}`)
      if (author.result !== 'one') return
      ones++
      const unfolded = value.replaceAll('\r\n', '')
      for (const seen of [addressParser(unfolded, { flatten: true }), nodemailer(unfolded)]) {
        for (const domain of domainsSeen(seen)) assert.equal(domain, author.domains[0])
      }
    }),
    { numRuns: 5000, seed: 7 },
  )
  assert.ok(ones > 100, `${ones} of them were one`)
})

test('the header is the same however it is cut into pieces', () => {
  const whole = Buffer.from('From: a@b.org\r\nSubject: x\r\n y\r\n\r\nbody\r\n\r\nmore')
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 8 }), (cuts) => {
      const places = [0, ...cuts.toSorted((one, other) => one - other), whole.length]
      const reader = new HeadReader()
      const body = places.slice(1).map((end, at) => reader.push(whole.subarray(places[at], end)) ?? '')
      assert.equal(body.join(''), 'body\r\n\r\nmore')
      assert.equal(reader.head?.text, 'From: a@b.org\r\nSubject: x\r\n y\r\n')
      assert.deepEqual(
        reader.head.fields.map(({ key, start, end }) => [key, start, end]),
        [
          ['from', 0, 15],
          ['subject', 15, 31],
        ],
      )
    }),
  )
})

test('a header of nothing, and one without an end', () => {
  const reader = new HeadReader()
  assert.equal(reader.push(Buffer.from('\r\nFrom: a@b.org'))?.toString(), 'From: a@b.org')
  assert.equal(reader.end().text, '')
  assert.equal(headOf(Buffer.from('Subject: x')).fields[0]?.key, 'subject')
  assert.deepEqual(headOf(Buffer.from('')).fields, [])
})

test('nothing is believed of a header that is too long, and it is not held', () => {
  const reader = new HeadReader()
  const line = Buffer.from(`X: ${'y'.repeat(70)}\r\n`)
  reader.push(Buffer.from('From: a@b.org\r\n'))
  for (let octets = 0; octets < 10 * 1024 * 1024; octets += line.length) assert.equal(reader.push(line), null)
  assert.ok(reader.head!.text.length <= 256 * 1024)
  assert.equal(readAuthor(reader.end()).result, 'ambiguous')
  assert.equal(authorOf(`${'X: y\r\n'.repeat(5001)}From: a@b.org`).result, 'ambiguous')
})

test('a thousand domains are not kept', () => {
  const many = Array.from({ length: 100 }, (_, at) => `a@d${at}.org`).join(', ')
  assert.equal(authorOf(`From: ${many}`).domains.length, 10)
  assert.equal(authorOf(`From: ${'a@b.org,'.repeat(1000)}`).result, 'ambiguous')
})
