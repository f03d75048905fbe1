/** Somebody at the http listener: a browser with its cookie, or a program with a key. */
import assert from 'node:assert/strict'
import { type Answer, type Asked, ask } from './asking.ts'

export const password = 'correct horse battery'

export type Visitor = {
  readonly cookie: string
  /** As a page of ours asks. */
  ask(path: string, asked?: Asked): Promise<Answer>
}

type Entering = {
  readonly user: string
  readonly password?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const logIn = (port: number, entering: Entering): Promise<Answer> =>
  ask(port, '/api/v1/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...entering.headers },
    body: JSON.stringify({ user: entering.user, password: entering.password ?? password }),
  })

/** `fsmtp=...`, as a browser sends it back. */
export const cookieOf = ({ headers }: Answer): string => headers['set-cookie']?.[0]?.split(';')[0] ?? ''

export const pageHeaders = (port: number, cookie: string): Record<string, string> => ({
  ...{ cookie, origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' },
})

/** Logged in, or the test fails. */
export const visitor = async (port: number, entering: Entering): Promise<Visitor> => {
  const answer = await logIn(port, entering)
  assert.equal(answer.status, 200, answer.text)
  const cookie = cookieOf(answer)
  return {
    cookie,
    ask: (path, asked = {}) =>
      ask(port, path, { ...asked, headers: { ...pageHeaders(port, cookie), ...asked.headers } }),
  }
}

export const withKey = (key: string, asked: Asked = {}): Asked => ({
  ...asked,
  headers: { authorization: `Bearer ${key}`, ...asked.headers },
})
