/** Content as it leaves: no bare CR or LF, no dot that ends it early, the same at the far side whoever that is. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { SMTPServer } from 'smtp-server'
import type { Wire } from '../../../src/delivery/port.ts'
import { Stuffing } from '../../../src/delivery/wire/content.ts'
import { Peer } from '../peer.ts'
import { chunked, envelopeOfOne, meet, modern, one, send, summary } from './stage.ts'

/** Pieces in which everything that matters about line ends and dots comes often. */
const piece = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('\r', '\n', '\r\n', '.', '..', '\r\n.\r\n', '\n.\n', '\0', 'text', '\u00ff'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
)
const chunk = fc.array(piece, { maxLength: 8 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'))
const chunks = fc.array(chunk, { maxLength: 8 })

/** What a receiver is to have: every line ended by CRLF. */
const normal = (content: Buffer): string => {
  const text = content.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n')
  return text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`
}

const stuffed = (given: readonly Buffer[]): string => {
  const stuffing = new Stuffing()
  return Buffer.concat([...given.flatMap((each) => [...stuffing.push(each)]), ...stuffing.end()]).toString(
    'latin1',
  )
}

test('dots are doubled at the beginning of lines only, and the end is one dot', () => {
  fc.assert(
    fc.property(chunks, (given) => {
      const expected = normal(Buffer.concat(given)).replace(/^\./gm, '..')
      assert.equal(stuffed(given), `${expected}.\r\n`)
    }),
    { numRuns: 2000 },
  )
})

test('no bare CR or LF leaves, whatever comes in', () => {
  fc.assert(
    fc.property(chunks, (given) => {
      assert.doesNotMatch(stuffed(given), /\r(?!\n)|(?<!\r)\n/)
    }),
    { numRuns: 2000 },
  )
})

test('smuggling spellings of the end stay within the content', () => {
  for (const end of [
    '\n.\n',
    '\r.\r',
    '\n.\r\n',
    '\r\n.\n',
    '\r\n.\r',
    '\r.\r\n',
    '\r\n\0.\r\n',
    '\r\n.\r\r\n',
  ]) {
    const text = stuffed([Buffer.from(`a${end}MAIL FROM:<x@y>\r\n`)])
    assert.equal(text.indexOf('\r\n.\r\n'), text.length - 5, JSON.stringify(end))
  }
})

const contents: string[] = []
let server: SMTPServer
let wire: Wire

before(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, _session, done) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        contents.push(Buffer.concat(parts).toString('latin1'))
        done()
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  wire = (await meet((server.server.address() as AddressInfo).port)).wire
})

after(async () => {
  await wire.quit()
  await new Promise<void>((resolve) => server.close(resolve))
})

test('an independent receiver unstuffs exactly what was given, line ends made CRLF', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, async (given) => {
      const sent = await send(wire, one, { content: chunked(...given) })
      assert.deepEqual(summary(sent), ['b@mx.example delivered 250'])
      assert.equal(contents.pop(), normal(Buffer.concat(given)))
    }),
    { numRuns: 300 },
  )
})

test('a large message arrives whole', async () => {
  const line = '.2345678901234567890123456789012345678901234567890123456789012\r\n'
  const part = Buffer.from(line.repeat(1024))
  const content = chunked(...Array<Buffer>(256).fill(part))
  const sent = await send(wire, { ...one, size: part.length * 256 }, { content })
  assert.deepEqual(summary(sent), ['b@mx.example delivered 250'])
  assert.equal(contents.pop(), line.repeat(1024 * 256))
})

test('no more is read than the host takes', async () => {
  await using peer = await Peer.listen(`${modern}
    ${envelopeOfOne}
    S: 250 ok
    S: 250 ok
    S: 354 go`)
  const patience = { block: 300 }
  const slow = await meet(peer.port, { settings: { patience } })
  peer.deafen()
  let pulled = 0
  const content = async function* (): AsyncGenerator<Uint8Array> {
    for (; pulled < 1024; pulled++) yield Buffer.alloc(64 * 1024, 'x')
  }
  const sent = await send(slow.wire, one, { content: content() })
  assert.equal(sent.fault?.kind, 'timeout')
  // 64 MiB were there; what the two sockets hold is some.
  assert.ok(pulled < 256, `${pulled} chunks were read`)
})
