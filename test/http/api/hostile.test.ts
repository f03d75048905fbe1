/** Questions as somebody asks them who looks for a fault: each is answered, with a shape or a problem, and none is our fault. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rows } from '../../../src/http/api/index.ts'
import { ask } from '../asking.ts'
import { apiServer } from './asking.ts'

const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** `mark` is what a cursor begins with that is ours. */
const values = (mark: string): readonly string[] => [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e3',
    '1e999',
    'NaN',
    '9007199254740993',
    '99999999999999999999',
    '999999999999999',
  ],
  ...['99999999999999999999d', '99999999999d', '0000-01-01', '9999-12-31', '9999-12-31T23:59:59+99:99'],
  ...['\0', '💩', "'", '"', "' OR 1=1 --", '*', '*'.repeat(900), '*a'.repeat(450), '%'.repeat(900), '_'],
  ...[
    '\\',
    '[',
    'a'.repeat(1000),
    'a'.repeat(1001),
    '__proto__',
    'constructor',
    '<>',
    '<*>',
    '../../etc/passwd',
  ],
  ...['\u202e', '{}', '[]', text({}), text([]), text(null), text([mark, 1, 'x']), text([mark, 1e308, 'x'])],
  ...[text([mark, -1e308, 'x']), text([mark, 1.5, '\0']), text([mark, null, 'x']), text([mark, {}, []])],
]
const pieces = [
  '%00',
  '%ff',
  '%2e%2e%2f',
  'a'.repeat(1500),
  '%E2%80%AE',
  "'",
  '*',
  '%25',
  '__proto__',
  'a%2Fb',
  '%0d%0aX:y',
]

test('every parameter takes whatever it is given, and says what is wrong', async (t) => {
  const api = await apiServer(t)
  const id = await api.mail('Subject: x\r\n\r\nhello', { to: ['a@example.org'] })
  const { session } = await api.get(`/messages/${id}`)
  await api.mail()
  const { next } = await api.get('/messages?limit=1')
  const [mark] = JSON.parse(Buffer.from(String(next), 'base64url').toString())
  const wrong: string[] = []
  const asking = async (path: string): Promise<void> => {
    const { status, headers, text } = await ask(api.port, `/api/v1${path}`)
    const isProblem = String(headers['content-type']).startsWith('application/problem+json')
    if (status >= 500 || isProblem !== status >= 400 || headers['x-content-type-options'] !== 'nosniff')
      wrong.push(`${status} ${path.slice(0, 80)} ${text.slice(0, 80)}`)
  }
  for (const { path, query = {} } of rows.filter(({ method }) => method === 'GET')) {
    const place = path
      .replace('{address}', 'a@example.org')
      .replace('{name}', 'session')
      .replace('{part}', '1')
      .replace('{id}', String(path.includes('session') ? session : id))
    for (const name of Object.keys(query))
      for (const value of values(mark)) await asking(`${place}?${name}=${encodeURIComponent(value)}`)
    if (path.includes('{')) for (const piece of pieces) await asking(path.replace(/\{\w+\}/g, piece))
  }
  assert.deepEqual(wrong, [])
})
