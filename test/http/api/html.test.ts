/** What a browser is told about a mail's HTML, and what is left of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { greeted, send } from '../../client.ts'
import { ask, watchedServer } from '../asking.ts'

const shown = async (t: Parameters<typeof watchedServer>[0], content: string) => {
  const server = await watchedServer(t, { playground: true })
  const line = await greeted(server.port('mx'))
  const reply = await send(line, content)
  const id = /as (\w+)$/.exec(reply)?.[1]
  await line.say('QUIT')
  return (query = '') => ask(server.http, `/api/v1/messages/${id}/html${query}`)
}

const html = (...body: readonly string[]): string =>
  ['Subject: x', 'MIME-Version: 1.0', 'Content-Type: text/html; charset=utf-8', '', ...body].join('\r\n')

const policyOf = (header: unknown): ReadonlyMap<string, string> =>
  new Map(
    String(header)
      .split('; ')
      .map((rule) => {
        const [name = '', ...words] = rule.split(' ')
        return [name, words.join(' ')] as const
      }),
  )

test('the answer runs, submits and fetches nothing, in a sandbox of its own', async (t) => {
  const get = await shown(t, html('<p>Hello</p>'))
  const { status, headers, text } = await get()
  assert.equal(status, 200)
  assert.match(String(headers['content-type']), /^text\/html/)
  const policy = policyOf(headers['content-security-policy'])
  assert.equal(policy.get('default-src'), "'none'")
  assert.equal(policy.get('script-src'), undefined)
  assert.equal(policy.get('img-src'), 'data:')
  assert.equal(policy.get('form-action'), "'none'")
  assert.equal(policy.get('base-uri'), "'none'")
  assert.doesNotMatch(policy.get('sandbox') ?? 'allow-scripts', /allow-(scripts|same-origin|forms|top)/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.match(text, /<p>Hello<\/p>/)
})

test('pictures from elsewhere are let in when asked for, scripts never', async (t) => {
  const get = await shown(t, html('<img src="https://example.net/a.png">'))
  const { headers } = await get('?remote=true')
  const policy = policyOf(headers['content-security-policy'])
  assert.equal(policy.get('img-src'), 'data: https: http:')
  assert.equal(policy.get('script-src'), undefined)
  assert.doesNotMatch(policy.get('sandbox') ?? 'allow-scripts', /allow-(scripts|same-origin)/)
})

test('elements that lead away are left out', async (t) => {
  const get = await shown(
    t,
    html(
      '<meta http-equiv="refresh" content="0;url=http://evil.example/"><base href="//evil.example">',
      '<LINK rel=prefetch href="//evil.example"><script src="//evil.example/x.js">alert(1)</script>',
      '<iframe src="//evil.example"></iframe><p>kept</p>',
    ),
  )
  const { text } = await get()
  assert.doesNotMatch(
    text.replace('<base target="_blank">', ''),
    /http-equiv|<base|<link|<script|<iframe|alert/i,
  )
  assert.match(text, /<p>kept<\/p>/)
})

test('mail without HTML has no such document', async (t) => {
  const get = await shown(t, 'Subject: plain\r\n\r\nHello')
  const { status, headers } = await get()
  assert.equal(status, 404)
  assert.match(String(headers['content-type']), /^application\/problem\+json/)
})
