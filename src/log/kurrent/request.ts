/**
 * `BatchAppendReq` of `streams.proto`, as bytes:
 *
 *     BatchAppendReq   1 correlation UUID | 2 Options | 3 ProposedMessage... | 4 is final
 *     Options          1 StreamIdentifier { 3 name } | 2 stream position or 3 no stream | 7 Duration { 1 seconds }
 *     ProposedMessage  1 id UUID | 2 metadata { 1 key, 2 value }... | 3 custom metadata | 4 data
 *     UUID             2 text
 */
import { randomUUID } from 'node:crypto'
import type { Encoded } from './encoding.ts'
import { Filler, sizeOfField, sizeOfNumber, type Text, textOf, varint } from './protobuf.ts'

export type Wanted = {
  readonly stream: string
  readonly expected: number
  readonly events: readonly Encoded[]
}

/** Answers are told apart by a number, the last 48 bits of a UUID; the rest of it is this process's. */
const ours = randomUUID().slice(0, 24)
let last = 0
export const newCorrelation = (): number => ++last
const correlationText = (correlation: number): string => ours + correlation.toString(16).padStart(12, '0')

const sizeOfUuid = 36
const uuidField = sizeOfField(sizeOfField(sizeOfUuid))

/** The same bytes go out each time it is tried: the same ids, the same expected revision. `timeout` in milliseconds. */
export const requestFor = (
  { stream, expected, events }: Wanted,
  { correlation, timeout }: { correlation: number; timeout: number },
): Buffer => {
  const name = textOf(stream)
  // A length of time: a point in time would suffer from clocks that disagree.
  const seconds = Math.ceil(timeout / 1000)
  const options = sizeOfOptions(name, expected, seconds)
  const sizes = events.map(sizeOfMessage)
  const size = sizes.reduce((sum, one) => sum + sizeOfField(one), uuidField + sizeOfField(options) + 2)
  const filler = new Filler(size)
  uuid(filler, 1, correlationText(correlation))
  filler.enter(2, options)
  fillOptions(filler, { name, expected, seconds })
  for (const [at, event] of events.entries()) {
    filler.enter(3, sizes[at]!)
    fillMessage(filler, event)
  }
  filler.number(varint(4))
  filler.number(1)
  return filler.bytes
}

const sizeOfOptions = (name: Text, expected: number, seconds: number): number =>
  sizeOfField(sizeOfField(name.bytes)) +
  (expected < 0 ? 2 : 1 + sizeOfNumber(expected)) +
  sizeOfField(1 + sizeOfNumber(seconds))

const fillOptions = (
  filler: Filler,
  { name, expected, seconds }: { name: Text; expected: number; seconds: number },
): void => {
  filler.enter(1, sizeOfField(name.bytes))
  filler.text(3, name)
  if (expected < 0) filler.enter(3, 0)
  else {
    filler.number(varint(2))
    filler.number(expected)
  }
  filler.enter(7, 1 + sizeOfNumber(seconds))
  filler.number(varint(1))
  filler.number(seconds)
}

const sizeOfMessage = ({ type, data, metadata }: Encoded): number =>
  uuidField + descriptionOf(type).length + sizeOfField(metadata.bytes) + sizeOfField(data.bytes)

const fillMessage = (filler: Filler, { id, type, data, metadata }: Encoded): void => {
  uuid(filler, 1, id)
  filler.raw(descriptionOf(type))
  filler.text(3, metadata)
  filler.text(4, data)
}

const uuid = (filler: Filler, field: number, text: string): void => {
  filler.enter(field, sizeOfField(sizeOfUuid))
  filler.text(2, { text, bytes: sizeOfUuid })
}

/** What the server wants to know of each event of a type; there are few types. */
const descriptions = new Map<string, Buffer>()
const mostTypes = 1000

const descriptionOf = (type: string): Buffer => {
  const known = descriptions.get(type)
  if (known !== undefined) return known
  if (descriptions.size >= mostTypes) descriptions.clear()
  const made = Buffer.concat([entry('type', type), entry('content-type', 'application/json')])
  descriptions.set(type, made)
  return made
}

const entry = (key: string, value: string): Buffer => {
  const [name, text] = [textOf(key), textOf(value)]
  const size = sizeOfField(name.bytes) + sizeOfField(text.bytes)
  const filler = new Filler(sizeOfField(size))
  filler.enter(2, size)
  filler.text(1, name)
  filler.text(2, text)
  return filler.bytes
}
