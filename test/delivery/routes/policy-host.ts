/** A host that publishes MTA-STS policies, over HTTPS on loopback, with an authority of the test's own. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { certificateBy, ourAuthority, type Pem } from '../certificates.ts'

export type PolicyAnswer = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The connection is taken, and nothing is said. */
  readonly silent?: boolean
}

export type PolicyHost = {
  readonly port: number
  /** The authority that vouches for it, in PEM. */
  readonly ca: string
  /** What is said from now on. */
  answer: PolicyAnswer
  /** `mta-sts.a.test /.well-known/mta-sts.txt`, for each request. */
  readonly asked: readonly string[]
}

/** `certificate` is good for `mta-sts.a.test` unless another is given. */
export const startPolicyHost = async (
  context: TestContext,
  answer: PolicyAnswer = {},
  certificate?: Pem,
): Promise<PolicyHost> => {
  const by = await ourAuthority()
  const pem = certificate ?? (await certificateBy({ authority: by, names: ['mta-sts.a.test'] }))
  const asked: string[] = []
  const server = createServer({ key: pem.key, cert: pem.cert }, (request, response) => {
    asked.push(`${request.headers.host?.replace(/:\d+$/, '')} ${request.url}`)
    const { status = 200, headers = {}, body = '', silent = false } = host.answer
    if (silent) return
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = { port: (server.address() as AddressInfo).port, ca: by.cert, answer, asked }
  return host
}

/** The text of a policy. */
export const policyText = (mode: string, mx: readonly string[], maxAge = 604_800): string =>
  ['version: STSv1', `mode: ${mode}`, ...mx.map((name) => `mx: ${name}`), `max_age: ${maxAge}`, ''].join(
    '\r\n',
  )
