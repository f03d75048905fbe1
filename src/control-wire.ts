/** Appends as they travel through the control socket: bodies as base64, for JSON holds no bytes; checked when they arrive. */
import { isId } from './content/places.ts'
import { isStream, isType } from './log/names.ts'
import { type Append, kindOf, type NewEvent } from './log/port.ts'

/** The question cannot be understood; nothing was done. */
export class WireFault extends Error {
  override readonly name = 'WireFault'
}

type Members = Readonly<Record<string, unknown>>

export const toWire = ({ contents, ...append }: Append): object => ({
  ...append,
  ...(contents && {
    contents: contents.map(({ id, bytes }) => ({ id, base64: Buffer.from(bytes).toString('base64') })),
  }),
})

/** @throws WireFault naming what is not as it should be */
export const fromWire = (sent: unknown): Append => {
  const { stream, expected, events, contents } = members(sent, 'an append')
  if (typeof stream !== 'string' || !isStream(stream))
    throw new WireFault('stream must be a category, a dash and an id')
  if (!isWhole(expected) || expected < -1)
    throw new WireFault('expected must be the last revision of the stream, or -1')
  const bodies = contents === undefined ? [] : list(contents, 'contents').map(contentOf)
  return {
    stream,
    expected,
    events: list(events, 'events').map(eventOf),
    ...(bodies.length > 0 && { contents: bodies }),
  }
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const members = (value: unknown, what: string): Members => {
  if (!isMembers(value)) throw new WireFault(`${what} must be an object`)
  return value
}

const list = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new WireFault(`${what} must be an array`)
  return value
}

const flat = (value: unknown, what: string): Record<string, string> => {
  const entries = Object.entries(members(value, what))
  for (const [, text] of entries)
    if (typeof text !== 'string') throw new WireFault(`${what} must hold nothing but strings`)
  return Object.fromEntries(entries) as Record<string, string>
}

const eventOf = (sent: unknown): NewEvent => {
  const { id, kind, at, data, meta } = members(sent, 'an event')
  const { type, version, meta: constants } = members(kind, 'kind')
  if (typeof id !== 'string' || id === '' || id.length > 128) throw new WireFault('id must be a string')
  if (typeof type !== 'string' || !isType(type)) throw new WireFault('kind.type must be a name')
  if (!isWhole(version) || version < 1) throw new WireFault('kind.version must be a whole number from 1')
  if (!isWhole(at) || at < 0) throw new WireFault('at must be milliseconds since 1970')
  return {
    ...{ id, kind: kindOf(type, version, flat(constants, 'kind.meta')), at },
    data: members(data, 'data'),
    ...(meta !== undefined && { meta: flat(meta, 'meta') }),
  }
}

const contentOf = (sent: unknown): { id: string; bytes: Buffer } => {
  const { id, base64 } = members(sent, 'a content')
  if (typeof id !== 'string' || !isId(id)) throw new WireFault('the id of a content must be a message id')
  if (typeof base64 !== 'string') throw new WireFault('a content must hold base64')
  return { id, bytes: Buffer.from(base64, 'base64') }
}
