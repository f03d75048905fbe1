/** Traces of OpenTelemetry, and who gets them. */
import * as z from 'zod'
import { form, optional, setting } from './notes.ts'
import { type Parsed, path, pause, written } from './values.ts'

/** RFC 9110 §5.1, §5.5 */
export const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
export const headerValue = /^[\t\x20-\x7e\x80-\xff]+$/

/** A collector's own address stands for its place for traces, as with programs of OpenTelemetry. A password in it is never repeated. */
const endpoint = written('a URL (http://127.0.0.1:4318)', (given): Parsed<string> => {
  const url = URL.parse(String(given))
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return {
      wrong: 'is no URL of the form http://127.0.0.1:4318 (OTLP over HTTP; gRPC, port 4317, is not spoken)',
    }
  if (url.username !== '' || url.password !== '')
    return { wrong: 'must be without a user; a password goes into headers, or headersFile' }
  if (url.pathname === '/') url.pathname = '/v1/traces'
  url.hash = ''
  return { value: url.href }
})

const name = form(z.string().regex(headerName, 'is no name of a header'), 'the name of a header')
const value = form(z.string().regex(headerValue, 'is no value of a header'), 'a text')

export const telemetry = setting(
  z.strictObject({
    endpoint: optional(endpoint, {
      about:
        'A collector that takes OTLP over HTTP, in JSON; /v1/traces is added where no path is written. Without: nothing is told.',
      example: 'http://127.0.0.1:4318',
    }),
    headers: setting(z.record(name, value), {
      about: 'Headers of the requests. What is secret comes from the environment, or stands in headersFile.',
      byDefault: {},
      example: { 'x-scope-orgid': 'mail' },
    }),
    headersFile: optional(path, {
      about: 'File with more headers, a line each (`Authorization: Bearer ...`), for secrets.',
      example: 'collector.headers',
    }),
    timeout: setting(pause, { about: 'How long the collector may take for one request.', byDefault: '10s' }),
    service: setting(form(z.string().min(1).max(200), 'a name'), {
      about: 'What the traces say of whom they are (service.name).',
      byDefault: 'fsmtp',
    }),
  }),
  {
    about:
      'OpenTelemetry: a trace for each session and for each mail that goes on, told to a collector. Mail does not wait for it.',
    byDefault: {},
  },
)
