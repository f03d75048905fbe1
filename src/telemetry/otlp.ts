/**
 * Spans as OTLP writes them in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hex, times in nanoseconds and
 * whole numbers as text, kinds and codes as numbers.
 */
import { version } from '../version.ts'
import type { Attributes, Place, Span } from './span.ts'

export type Resource = { readonly service: string; readonly node: string }

const kinds = { internal: 1, server: 2, client: 3, producer: 4 } as const
/** STATUS_CODE_ERROR; nothing is said of what went as it should. */
const failed = 2
/** Characters of a text; names of hosts are shorter. */
const longest = 300

/** Milliseconds to nanoseconds: the number of these is larger than a number can be exactly. */
const nanos = (milliseconds: number): string => `${Math.round(milliseconds)}000000`

const anyValue = (value: string | number | boolean): object => {
  if (typeof value === 'string') return { stringValue: value.slice(0, longest) }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

const attributesOf = (attributes: Attributes): readonly object[] =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  )

const linkOf = ({ trace, span }: Place): object => ({ traceId: trace, spanId: span })

const spanOf = ({
  place,
  parent,
  name,
  kind,
  startedAt,
  endedAt,
  attributes,
  links,
  fault,
}: Span): object => ({
  ...{ traceId: place.trace, spanId: place.span, ...(parent !== null && { parentSpanId: parent }) },
  ...{ name, kind: kinds[kind], startTimeUnixNano: nanos(startedAt), endTimeUnixNano: nanos(endedAt) },
  attributes: attributesOf(attributes),
  ...(links.length > 0 && { links: links.map(linkOf) }),
  ...(fault !== null && { status: { code: failed, message: fault } }),
})

/** The body of one request. */
export const requestOf = (spans: readonly Span[], { service, node }: Resource): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: {
          attributes: attributesOf({
            'service.name': service,
            'service.version': version,
            'service.instance.id': node,
          }),
        },
        scopeSpans: [{ scope: { name: 'fsmtp', version }, spans: spans.map(spanOf) }],
      },
    ],
  })
