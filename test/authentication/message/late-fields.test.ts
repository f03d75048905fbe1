/** Forged fields beyond what is read of a header, however the content is cut into pieces. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MessageExaminer } from '../../../src/authentication/message/examiner.ts'
import { headerWindow } from '../../../src/smtp/header-facts.ts'
import { zoneResolver } from './zone.ts'

const ours = 'Authentication-Results: mx.example.org;\r\n\tdmarc=pass\r\n'
const others = 'Authentication-Results: mx.elsewhere.example; dmarc=pass\r\n'
const body = `\r\n${ours}`

const leftIn = async (content: string, cuts: readonly number[] = []): Promise<string> => {
  const examiner = new MessageExaminer({ resolver: zoneResolver({}), hostname: 'mx.example.org', draw: 0 })
  const octets = Buffer.from(content, 'latin1')
  const places = [0, ...cuts.toSorted((one, other) => one - other), octets.length]
  for (const [at, end] of places.slice(1).entries()) examiner.push(octets.subarray(places[at], end))
  const { forged = [] } = await examiner.end()
  let rest = ''
  let from = 0
  for (const [start, end] of forged) {
    assert.ok(from <= start && start < end)
    rest += content.slice(from, start)
    from = end
  }
  return rest + content.slice(from)
}
const filler = (length: number): string => `X: ${'y'.repeat(length - 5)}\r\n`

test('our word is left out wherever it stands in a header, what is others\u2019 and the body stay', async () => {
  // So that each octet of the field may be the first that is not read.
  const shortest = headerWindow - ours.length - 3
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: shortest, max: headerWindow + 3 }),
      fc.array(fc.integer({ min: headerWindow - 100, max: headerWindow + 200 }), { maxLength: 6 }),
      async (before, cuts) => {
        const kept = `${filler(before)}${others}`
        const content = `${filler(before)}${ours}${others}${ours}${ours}${body}`
        assert.equal(await leftIn(content, cuts), `${kept}${body}`)
      },
    ),
    { numRuns: 150, seed: 3 },
  )
})

test('thousands of them cost a bounded record', async () => {
  const many = `${ours}${others}`.repeat(20_000)
  const rest = await leftIn(`${filler(headerWindow)}${many}${body}`)
  assert.ok(!rest.slice(0, -body.length).includes('mx.example.org'))
  assert.ok(rest.endsWith(body))
})

test('a header without an end', async () => {
  assert.equal(await leftIn(`${filler(headerWindow + 9)}${ours}`), filler(headerWindow + 9))
  assert.equal(await leftIn(`${filler(headerWindow + 9)}${ours.trimEnd()}`), filler(headerWindow + 9))
})
