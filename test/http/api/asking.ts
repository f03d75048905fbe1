/** Questions to the Web API; every answer is held against the shape that its row in the table promises. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Endpoint } from '../../../src/http/api/endpoint.ts'
import { rows } from '../../../src/http/api/index.ts'
import { acceptedAs, greeted, send } from '../../client.ts'
import { eventually, type Settings, startTestServer, type TestServer } from '../../server.ts'
import { ask } from '../asking.ts'

export type Json = Readonly<Record<string, unknown>>
export type Asked = {
  readonly method?: string
  readonly body?: string | object
  readonly headers?: Readonly<Record<string, string>>
}
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** Of JSON, else empty. */
  readonly json: Json
}

const rowOf = (method: string, path: string): Endpoint | undefined =>
  rows.find(
    (row) => row.method === method && new RegExp(`^${row.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )

const problemKeys = ['type', 'title', 'status', 'detail', 'session']

/** Every field is in the shape, and is what the shape says. */
const holds = (row: Endpoint | undefined, { status, headers, json, text }: Answer): void => {
  if (status >= 400) {
    assert.match(String(headers['content-type']), /^application\/problem\+json/, text)
    assert.deepEqual(
      Object.keys(json).filter((key) => !problemKeys.includes(key)),
      [],
    )
    assert.equal(json.status, status)
    return
  }
  const answer = row?.answers[status]
  assert.ok(answer, `${row?.name} promises no ${status}`)
  if (answer.shape === undefined || !/[/+]json/.test(String(headers['content-type']))) return
  assert.deepEqual(answer.shape.parse(json), json)
}

export type Api = {
  readonly server: TestServer
  readonly port: number
  ask(path: string, asked?: Asked): Promise<Answer>
  /** The JSON of an answer that is well. */
  get(path: string): Promise<Json>
  items(path: string): Promise<readonly Json[]>
  /** Accepts a mail over SMTP, and gives its id once the views have it. */
  mail(content?: string, envelope?: Parameters<typeof send>[2]): Promise<string>
  /** Resolves when the views hold what the log holds now. */
  settled(): Promise<void>
}

export const apiOf = (server: TestServer): Api => {
  const port = server.running.http[0]!.port
  const asking: Api['ask'] = async (path, { method = 'GET', body, headers = {} } = {}) => {
    const isText = body === undefined || typeof body === 'string'
    const type: Readonly<Record<string, string>> = isText ? {} : { 'content-type': 'application/json' }
    const answer = await ask(port, `/api/v1${path}`, {
      method,
      headers: { ...type, ...headers },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    })
    const isJson = /[/+]json(;|$)/.test(String(answer.headers['content-type']))
    const found = { ...answer, json: (isJson ? JSON.parse(answer.text) : {}) as Json }
    holds(rowOf(method, path.split('?')[0]!), found)
    return found
  }
  const get: Api['get'] = async (path) => {
    const { status, text, json } = await asking(path)
    assert.equal(status, 200, text)
    return json
  }
  const settled: Api['settled'] = async () => {
    const tail = await server.running.log.tail()
    await get(`/sessions?limit=1&position=${tail}`)
  }
  return {
    ...{ server, port, ask: asking, get, settled },
    items: async (path) => (await get(path)).items as readonly Json[],
    mail: async (content = 'Subject: Hello\r\n\r\nHi.', envelope) => {
      const line = await greeted(server.port('mx'))
      const id = acceptedAs(await send(line, content, envelope))
      assert.ok(id)
      await line.say('QUIT')
      await server.until(
        (events) => {
          const own = events.find(({ type, data }) => type === 'MessageAccepted' && data.message === id)
          return events.some(({ type, stream }) => type === 'SessionClosed' && stream === own?.stream)
        },
        { what: `the end of the session that brought ${id}` },
      )
      await settled()
      return id
    },
  }
}

const loopback = (service: string) => ({ service, address: '127.0.0.1', port: 0 })
const playground: Settings = {
  playground: true,
  hostname: 'localhost',
  domains: [],
  listeners: ['mx', 'submission', 'http'].map(loopback),
  // As long as a test lasts, nothing is tried again by itself.
  delivery: { retry: ['1h'], warnAfter: '2h', giveUpAfter: '5h' },
}

/** A playground, gone with the test. */
export const apiServer = async (
  t: TestContext,
  settings: Settings = {},
  place: Parameters<typeof startTestServer>[1] = {},
): Promise<Api> => {
  const server = await startTestServer({ ...playground, ...settings }, place)
  t.after(() => server.stop())
  return apiOf(server)
}

export const detailOf = ({ json }: Answer): string => String(json.detail)
export { eventually }
