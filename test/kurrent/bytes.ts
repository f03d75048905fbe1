/**
 * The three messages there are many of, read and written by hand: appends of a batch, their success, events for readers. Through the
 * generated classes they took most of this server's time, and who measures beside it measured that. All other messages
 * go through the classes. Numbers of fields: `streams.proto`, `shared.proto`.
 */
import type { Expected, LogRecord, ProposedRecord } from './log.ts'
import { idText, shared, timestamp } from './messages.ts'

export type BatchRequest = {
  /** The correlation id, as text. */
  readonly correlation: string
  readonly options?: { readonly stream: string; readonly expected: Expected; readonly deadline: number }
  readonly records: readonly ProposedRecord[]
  readonly isFinal: boolean
}

const nothing: Buffer = Buffer.alloc(0)

/** Goes through the fields of a message: `value` is a number, `part` the bytes of a field that has a length. */
const eachField = (bytes: Buffer, take: (field: number, value: number, part: Buffer) => void): void => {
  let at = 0
  const number = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('a message is cut off')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = number()
    const value = number()
    if ((tag & 7) === 0) take(tag >>> 3, value, nothing)
    else if ((tag & 7) === 2 && at + value <= bytes.length) {
      at += value
      take(tag >>> 3, 0, bytes.subarray(at - value, at))
    } else throw new RangeError('a message has a field of another kind, or is cut off')
  }
}

const readId = (bytes: Buffer): string =>
  // Text of the usual length; anything else is the class's.
  bytes.length === 38 && bytes[0] === 0x12 && bytes[1] === 36
    ? bytes.toString('latin1', 2)
    : idText(shared.UUID.deserializeBinary(bytes))

const readRecord = (bytes: Buffer): ProposedRecord => {
  let [id, type, json] = ['', '', false]
  let data = nothing
  let metadata = nothing
  eachField(bytes, (field, _, part) => {
    if (field === 1) id = readId(part)
    else if (field === 2) {
      let [key, value] = ['', '']
      eachField(part, (which, _, text) => {
        if (which === 1) key = text.toString()
        else value = text.toString()
      })
      if (key === 'type') type = value
      else if (key === 'content-type') json = value === 'application/json'
    } else if (field === 3) metadata = part
    else if (field === 4) data = part
  })
  return { id, type, json, data, metadata }
}

const readOptions = (bytes: Buffer): NonNullable<BatchRequest['options']> => {
  let stream = ''
  let expected: Expected = 0
  let deadline = Number.POSITIVE_INFINITY
  eachField(bytes, (field, value, part) => {
    if (field === 1) eachField(part, (_, __, name) => (stream = name.toString()))
    else if (field === 2) expected = value
    else if (field === 3) expected = -1
    else if (field === 4) expected = 'any'
    else if (field === 5) expected = 'stream exists'
    else if (field === 6) deadline = timestamp.Timestamp.deserializeBinary(part).toDate().getTime()
  })
  return { stream, expected, deadline }
}

export const readBatchRequest = (bytes: Buffer): BatchRequest => {
  let correlation = ''
  let options: BatchRequest['options']
  let isFinal = false
  const records: ProposedRecord[] = []
  eachField(bytes, (field, value, part) => {
    if (field === 1) correlation = readId(part)
    else if (field === 2) options = readOptions(part)
    else if (field === 3) records.push(readRecord(part))
    else if (field === 4) isFinal = value !== 0
  })
  return { correlation, records, isFinal, ...(options && { options }) }
}

/** One message after the other is written here, and copied when it is whole. */
let sheet = Buffer.alloc(64 * 1024)
let end = 0

const begin = (room: number): void => {
  end = 0
  if (room > sheet.length) sheet = Buffer.alloc(room * 2)
}
const number = (value: number): void => {
  let left = value
  for (; left >= 128; left = Math.floor(left / 128)) sheet[end++] = (left % 128) | 128
  sheet[end++] = left
}
const whole = (field: number, value: number): void => {
  number(field << 3)
  number(value)
}
/** The length of what `fill` writes takes four bytes, whatever it is: it is known only afterwards. */
const inside = (field: number, fill: () => void): void => {
  number((field << 3) | 2)
  const at = end
  end += 4
  fill()
  const length = end - at - 4
  for (let place = 0; place < 4; place++)
    sheet[at + place] = ((length >>> (7 * place)) & 127) | (place < 3 ? 128 : 0)
}
const bytes = (field: number, value: Uint8Array): void => {
  number((field << 3) | 2)
  number(value.length)
  sheet.set(value, end)
  end += value.length
}
const text = (field: number, value: string): void => inside(field, () => (end += sheet.write(value, end)))
const done = (): Buffer => Buffer.from(sheet.subarray(0, end))

/** 64 bits of an id; only where they are zero are they left out. */
const half = (field: number, digits: string): void => {
  let high = Number.parseInt(digits.slice(0, 8), 16)
  let low = Number.parseInt(digits.slice(8), 16)
  if (high === 0 && low === 0) return
  number(field << 3)
  while (high > 0 || low >= 128) {
    sheet[end++] = (low & 127) | 128
    low = ((low >>> 7) | ((high & 127) << 25)) >>> 0
    high >>>= 7
  }
  sheet[end++] = low
}
const structured = (field: number, id: string): void =>
  inside(field, () =>
    inside(1, () => {
      const digits = id.replaceAll('-', '')
      half(1, digits.slice(0, 16))
      half(2, digits.slice(16))
    }),
  )

/** Ids go back in two halves, as servers write them, however they came. A negative revision or position is none. */
export const batchSuccess = (
  { correlation, stream }: { readonly correlation: string; readonly stream: string },
  { revision, position }: { readonly revision: number; readonly position: number },
): Buffer => {
  begin(1000 + 3 * stream.length)
  structured(1, correlation)
  inside(3, () => {
    if (revision < 0) inside(2, () => {})
    else whole(1, revision)
    if (position < 0) inside(4, () => {})
    else
      inside(3, () => {
        whole(1, position)
        whole(2, position)
      })
  })
  inside(4, () => text(3, stream))
  return done()
}

const described = (key: string, value: string): void =>
  inside(6, () => {
    text(1, key)
    text(2, value)
  })

/** An event as readers get it. A tombstone's revision is the largest number there is. */
export const readEvent = (
  record: LogRecord,
  { structuredIds }: { readonly structuredIds: boolean },
): Buffer => {
  const { id, stream, type, revision, position, created, json, data, metadata } = record
  begin(1000 + 3 * (stream.length + type.length) + data.length + metadata.length)
  inside(1, () => {
    inside(1, () => {
      if (structuredIds) structured(1, id)
      else inside(1, () => text(2, id))
      inside(2, () => text(3, stream))
      if (Number.isFinite(revision)) whole(3, revision)
      else {
        number(3 << 3)
        for (let place = 0; place < 9; place++) sheet[end++] = place < 8 ? 255 : 127
      }
      whole(4, position)
      whole(5, position)
      described('type', type)
      described('created', String(created))
      described('content-type', json ? 'application/json' : 'application/octet-stream')
      bytes(7, metadata)
      bytes(8, data)
    })
    whole(3, position)
  })
  return done()
}
