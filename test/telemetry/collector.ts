/** A collector of OTLP over HTTP that takes nothing which the specification does not have. */
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { httpHost } from '../http-host.ts'

export type Told = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly name: string
  readonly kind: number
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: { readonly code: number; readonly message?: string } | null
  /** Of its resource. */
  readonly resource: Readonly<Record<string, unknown>>
}

type Says = (reply: ServerResponse, nth: number) => void

export type Collector = {
  readonly url: string
  readonly port: number
  readonly spans: readonly Told[]
  readonly requests: readonly {
    readonly path: string
    readonly headers: IncomingHttpHeaders
    readonly body: string
  }[]
  says(what: Says): void
  close(): Promise<void>
}

type Json = Record<string, unknown>
const keysOf = (given: unknown, ...known: readonly string[]): Json => {
  assert.ok(typeof given === 'object' && given !== null)
  assert.deepEqual(
    Object.keys(given).filter((key) => !known.includes(key)),
    [],
  )
  return given as Json
}

const typeOf: Readonly<Record<string, string>> = {
  stringValue: 'string',
  boolValue: 'boolean',
  doubleValue: 'number',
}

const anyValue = (given: unknown): unknown => {
  const [first, ...more] = Object.entries(keysOf(given, 'intValue', ...Object.keys(typeOf)))
  assert.ok(first !== undefined && more.length === 0)
  const [kind, value] = first
  if (kind !== 'intValue') {
    assert.equal(typeof value, typeOf[kind])
    return value
  }
  // Whole numbers of 64 bits are text.
  assert.equal(typeof value, 'string')
  assert.match(String(value), /^-?\d+$/)
  return Number(value)
}

const attributesOf = (given: unknown): Json => {
  const entries = (given as unknown[]).map((one) => {
    const { key, value } = keysOf(one, 'key', 'value')
    return [String(key), anyValue(value)] as const
  })
  assert.equal(new Set(entries.map(([key]) => key)).size, entries.length, 'an attribute is there twice')
  return Object.fromEntries(entries)
}

const idOf = (given: unknown, bytes: number): string => {
  assert.match(String(given), new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
  assert.doesNotMatch(String(given), /^0+$/)
  return String(given)
}

const momentOf = (given: unknown): number => {
  assert.match(String(given), /^\d{19}$/)
  assert.equal(typeof given, 'string')
  return Number(BigInt(String(given)) / 1_000_000n)
}

const spanIn = (given: unknown, resource: Json): Told => {
  const span = keysOf(
    given,
    ...['traceId', 'spanId', 'parentSpanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano'],
    ...['attributes', 'links', 'status'],
  )
  const [from, to] = [momentOf(span.startTimeUnixNano), momentOf(span.endTimeUnixNano)]
  assert.ok(from <= to, 'a span ends before it begins')
  assert.ok(Number.isInteger(span.kind) && Number(span.kind) >= 1 && Number(span.kind) <= 5)
  return {
    ...{ traceId: idOf(span.traceId, 16), spanId: idOf(span.spanId, 8), name: String(span.name) },
    ...{ kind: Number(span.kind), from, to, resource, attributes: attributesOf(span.attributes) },
    parentSpanId: span.parentSpanId === undefined ? null : idOf(span.parentSpanId, 8),
    links: ((span.links ?? []) as unknown[]).map((one) => {
      const link = keysOf(one, 'traceId', 'spanId')
      return { traceId: idOf(link.traceId, 16), spanId: idOf(link.spanId, 8) }
    }),
    status: (span.status ?? null) as Told['status'],
  }
}

/** @throws AssertionError at whatever is not OTLP */
export const readRequest = (body: string): readonly Told[] => {
  const { resourceSpans } = keysOf(JSON.parse(body), 'resourceSpans')
  return (resourceSpans as unknown[]).flatMap((one) => {
    const { resource, scopeSpans } = keysOf(one, 'resource', 'scopeSpans')
    const about = attributesOf(keysOf(resource, 'attributes').attributes)
    return (scopeSpans as unknown[]).flatMap((scope) => {
      const { spans } = keysOf(scope, 'scope', 'spans')
      return (spans as unknown[]).map((span) => spanIn(span, about))
    })
  })
}

export const collector = async (t: TestContext, at: { readonly port?: number } = {}): Promise<Collector> => {
  const spans: Told[] = []
  const requests: Collector['requests'][number][] = []
  let says: Says = (reply) => reply.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  const hears = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const body = (await request.setEncoding('utf8').toArray()).join('')
    requests.push({ path: request.url ?? '', headers: request.headers, body })
    says(reply, requests.length)
    if (reply.statusCode === 200 && reply.writableEnded) spans.push(...readRequest(body))
  }
  const { url, port, close } = await httpHost(t, hears, at)
  return {
    ...{ url, port, spans, requests, close },
    says: (what) => {
      says = what
    },
  }
}
