/**
 * The history file: one JSON object a line (NDJSON). First a header, then events in the order of their log, policies among
 * them, and before each accepted message its content. One format for export, import, replay and test fixtures; README.md
 * of this folder describes it.
 */
import { z } from 'zod'
import { isId } from '../content/id.ts'
import { isStream, isType } from '../log/names.ts'
import type { StoredEvent } from '../log/port.ts'
import { HistoryFault } from './fault.ts'

export const formatName = 'fsmtp-history'
export const formatVersion = 1

/** Bytes of content on one line; a multiple of three, so that lines join without padding between. */
export const chunkSize = 786_432
/** Objects and arrays inside each other; no fact has more than a few. */
const deepest = 64
/** Characters of one line; more is no history file. */
export const longestLine = 32 * 1024 * 1024

const header = z.object({
  format: z.literal(formatName),
  version: z.number(),
  /** Messages whose content the file has; absent: all of them. */
  contentOf: z.array(z.string().refine(isId, 'must be message ids')).optional(),
})
export type Header = z.infer<typeof header>

const event = z.object({
  stream: z.string().refine(isStream, 'must be category-id, without control characters'),
  revision: z.int().nonnegative(),
  id: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID in lower case'),
  type: z.string().refine(isType, 'must be a name'),
  version: z.int().positive(),
  at: z.iso.datetime({ precision: 3 }),
  data: z.record(z.string(), z.unknown()),
  meta: z.record(z.string(), z.string()),
})

const content = z.object({
  content: z.string().refine(isId, 'must be a message id'),
  /** Where these bytes begin; absent: 0. */
  offset: z.int().nonnegative().optional(),
  /** Another line of the same content follows. */
  more: z.literal(true).optional(),
  base64: z.base64(),
})

export type EventLine = Omit<z.infer<typeof event>, 'at'> & { readonly at: number }
export type ContentLine = z.infer<typeof content>
export type HistoryLine =
  | { readonly kind: 'event'; readonly event: EventLine }
  | { readonly kind: 'content'; readonly content: ContentLine }

/** `contentOf`: messages whose content follows, where that is not all there is. */
export const headerLine = (contentOf?: readonly string[]): string =>
  `${JSON.stringify({ format: formatName, version: formatVersion, contentOf })}\n`

/** First the keys every transition has, in this order, then the others by name: the same event gives the same bytes. */
const metaOrder = ['machine', 'machineVersion', 'fingerprint', 'node', 'input', 'from', 'to', 'effects']
const metaInOrder = (meta: Readonly<Record<string, string>>): Record<string, string> => {
  const others = Object.keys(meta)
    .filter((key) => !metaOrder.includes(key))
    .sort()
  const keys = [...metaOrder.filter((key) => meta[key] !== undefined), ...others]
  return Object.fromEntries(keys.map((key) => [key, meta[key]!]))
}

export const eventLine = ({ stream, revision, id, type, version, at, data, meta }: StoredEvent): string =>
  `${JSON.stringify({ stream, revision, id, type, version, at: new Date(at).toISOString(), data, meta: metaInOrder(meta) })}\n`

export const contentLine = (id: string, bytes: Uint8Array, offset: number, more: boolean): string =>
  `${JSON.stringify({
    content: id,
    ...(offset > 0 && { offset }),
    ...(more && { more }),
    base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  })}\n`

const isDeep = (value: unknown, left: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (left === 0 || Object.values(value).some((inner) => isDeep(inner, left - 1)))

const parsed = (text: string, line: number): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new HistoryFault(`line ${line} is not JSON`)
  }
}

const faultOf = (error: z.ZodError, line: number): HistoryFault => {
  const [issue] = error.issues
  return new HistoryFault(
    `line ${line}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'cannot be read'}`,
  )
}

/** @throws HistoryFault when this is no history file, or one of a later format */
export const checkHeader = (text: string): Header => {
  let first: unknown
  try {
    first = JSON.parse(text)
  } catch {
    first = null
  }
  const read = header.safeParse(first)
  if (!read.success)
    throw new HistoryFault(`not a history file: its first line must be a header of format "${formatName}"`)
  if (read.data.version !== formatVersion)
    throw new HistoryFault(
      `a history of format version ${read.data.version}; this release reads version ${formatVersion}`,
    )
  return read.data
}

/** @throws HistoryFault with the number of the line */
export const parseLine = (text: string, line: number): HistoryLine => {
  const value = parsed(text, line)
  if (isDeep(value, deepest))
    throw new HistoryFault(`line ${line}: more than ${deepest} values inside each other`)
  if (typeof value === 'object' && value !== null && 'content' in value) {
    const read = content.safeParse(value)
    if (!read.success) throw faultOf(read.error, line)
    return { kind: 'content', content: read.data }
  }
  const read = event.safeParse(value)
  if (!read.success) throw faultOf(read.error, line)
  return { kind: 'event', event: { ...read.data, at: Date.parse(read.data.at) } }
}
