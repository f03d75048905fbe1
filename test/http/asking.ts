/** Questions over HTTP, byte for byte as a test wants them. */
import { type IncomingHttpHeaders, request } from 'node:http'
import type { TestContext } from 'node:test'
import { eventually, type Settings, startTestServer, type TestServer } from '../server.ts'

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export type Asked = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export const ask = (
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      answer.setEncoding('utf8')
      answer.toArray().then((parts) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: parts.join('') })
      }, reject)
    })
    asked.once('error', reject).end(body)
  })

const loopback = (service: string) => ({ service, address: '127.0.0.1', port: 0 })

export type WatchedServer = TestServer & { readonly http: number }

/** A server with an http listener, gone with the test. */
export const watchedServer = async (
  t: TestContext,
  settings: Settings = {},
  place: Parameters<typeof startTestServer>[1] = {},
): Promise<WatchedServer> => {
  const server = await startTestServer({ listeners: [loopback('mx'), loopback('http')], ...settings }, place)
  t.after(() => server.stop())
  return { ...server, http: server.running.http[0]!.port }
}

export type Ready = {
  readonly status: string
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail: string | null }>>
}

export const readiness = async (port: number): Promise<Ready & { readonly code: number }> => {
  const { status, text } = await ask(port, '/readyz')
  return { code: status, ...(JSON.parse(text) as Ready) }
}

/** The checks that are not well, by name, with their words. */
export const missing = ({ checks }: Ready): Readonly<Record<string, string | null>> =>
  Object.fromEntries(
    Object.entries(checks).flatMap(([name, { ok, detail }]) => (ok ? [] : [[name, detail] as const])),
  )

export const ready = (port: number): Promise<true> =>
  eventually(async () => (await readiness(port)).code === 200, { what: 'readiness' })
