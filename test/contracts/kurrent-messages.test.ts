/** The two messages we write and read ourselves, beside the classes the client's package generated for them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { readAnswer } from '../../src/log/kurrent/answer.ts'
import { encode } from '../../src/log/kurrent/encoding.ts'
import { newCorrelation, requestFor } from '../../src/log/kurrent/request.ts'
import { kindOf } from '../../src/log/port.ts'
import { any, empty, idText, type Shared, shared, status, streams } from '../kurrent/messages.ts'

const words = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 300 }))
const event = fc.record({
  id: fc.uuid(),
  at: fc.nat(),
  kind: fc
    .tuple(words, fc.nat(), fc.dictionary(words, words, { maxKeys: 4 }))
    .map(([type, version, meta]) => kindOf(type, version, meta)),
  data: fc.dictionary(words, fc.oneof(words, fc.double(), fc.boolean())),
  meta: fc.option(fc.dictionary(words, words, { maxKeys: 4 }), { nil: undefined }),
})
const append = fc.record({
  stream: words.map((rest) => `category-${rest}`),
  expected: fc.oneof(fc.constant(-1), fc.nat(), fc.maxSafeInteger().map(Math.abs)),
  events: fc.array(event, { maxLength: 4 }),
})

test('what we write is what the generated class reads', () => {
  fc.assert(
    fc.property(append, ({ stream, expected, events }) => {
      const append = {
        ...{ stream, expected },
        events: events.map(({ meta, ...one }) => (meta ? { ...one, meta } : one)),
      }
      const encoded = encode(append, '')
      const correlation = newCorrelation()
      const bytes = requestFor({ stream, expected, events: encoded }, { correlation, timeout: 10_500 })
      const read = streams.BatchAppendReq.deserializeBinary(bytes)
      const options = read.getOptions()
      assert.ok(read.getIsFinal())
      assert.match(
        idText(read.getCorrelationId()),
        new RegExp(`${correlation.toString(16).padStart(12, '0')}$`),
      )
      assert.deepEqual(
        Buffer.from(options?.getStreamIdentifier()?.getStreamName_asU8() ?? []),
        Buffer.from(stream),
      )
      assert.equal(options?.hasNoStream(), expected < 0)
      if (expected >= 0) assert.equal(String(options?.getStreamPosition()), String(expected))
      assert.equal(options?.getDeadline()?.getSeconds(), 11)
      const messages = read.getProposedMessagesList()
      assert.equal(messages.length, events.length)
      for (const [at, message] of messages.entries()) {
        const { id, kind, data, at: time, meta } = events[at]!
        assert.equal(idText(message.getId()), id)
        const metadata = message.getMetadataMap()
        assert.deepEqual(
          [metadata.get('type'), metadata.get('content-type'), metadata.getLength()],
          [Buffer.from(kind.type).toString(), 'application/json', 2],
        )
        assert.equal(Buffer.from(message.getData_asU8()).toString(), JSON.stringify(data))
        assert.deepEqual(
          JSON.parse(Buffer.from(message.getCustomMetadata_asU8()).toString()),
          JSON.parse(
            JSON.stringify({
              ...{ fsmtpVersion: String(kind.version), ...kind.meta },
              ...{ fsmtpAt: String(time), $correlationId: stream.slice('category-'.length), ...meta },
            }),
          ),
        )
      }
    }),
  )
})

const structured = (id: string): Shared.UUID => {
  const half = (digits: string): string => String(BigInt.asIntN(64, BigInt(`0x${digits}`)))
  const digits = id.replaceAll('-', '')
  return new shared.UUID().setStructured(
    new shared.UUID.Structured()
      .setMostSignificantBits(half(digits.slice(0, 16)))
      .setLeastSignificantBits(half(digits.slice(16))),
  )
}

test('what the generated class writes is what we read, however ids and positions are written', () => {
  const position = fc.oneof(fc.nat(), fc.maxSafeInteger().map(Math.abs))
  const number = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 48 - 1 }))
  fc.assert(
    fc.property(number, position, fc.boolean(), fc.uuid(), (correlation, commit, asText, some) => {
      const id = some.slice(0, 24) + correlation.toString(16).padStart(12, '0')
      const response = new streams.BatchAppendResp()
        .setCorrelationId(asText ? new shared.UUID().setString(id) : structured(id))
        .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('some-stream')))
        .setStreamPosition('7')
        .setSuccess(
          new streams.BatchAppendResp.Success()
            .setCurrentRevision('8')
            .setPosition(
              new shared.AllStreamPosition()
                .setCommitPosition(String(commit))
                .setPreparePosition(String(commit)),
            ),
        )
      assert.deepEqual(readAnswer(Buffer.from(response.serializeBinary())), {
        correlation,
        answer: { kind: 'written', position: commit },
      })
    }),
  )
})

const answered = () => new streams.BatchAppendResp().setCorrelationId(structured(randomUUID()))

test('success without a position, or with one beyond what is exact, says null', () => {
  const without = answered().setSuccess(
    new streams.BatchAppendResp.Success().setNoStream(new empty.Empty()).setNoPosition(new empty.Empty()),
  )
  const beyond = answered().setSuccess(
    new streams.BatchAppendResp.Success().setPosition(
      new shared.AllStreamPosition().setCommitPosition('18446744073709551615').setPreparePosition('1'),
    ),
  )
  for (const response of [without, beyond])
    assert.deepEqual(readAnswer(Buffer.from(response.serializeBinary())).answer, {
      kind: 'written',
      position: null,
    })
})

test('a refusal is read by the generated class; what is cut off is no answer', () => {
  const details = new any.Any()
  details.pack(
    new shared.WrongExpectedVersion().setCurrentStreamRevision('41').serializeBinary(),
    'event_store.client.WrongExpectedVersion',
  )
  const refused = answered().setError(new status.Status().setCode(6).setMessage('no').setDetails(details))
  const bytes = Buffer.from(refused.serializeBinary())
  assert.deepEqual(readAnswer(bytes).answer, { kind: 'wrong revision', actual: 41 })
  assert.throws(() => readAnswer(bytes.subarray(0, -3)), RangeError)
  assert.equal(readAnswer(Buffer.from(answered().serializeBinary())).answer.kind, 'unknown')
})
