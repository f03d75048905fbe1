/** The page's files as they are served: what a browser may keep, what it may run, and what is said where nothing was built. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fastify } from 'fastify'
import { page, places } from '../../src/http/page.ts'
import { scratch } from '../scratch.ts'

const built = (): string => {
  const directory = scratch('page')
  mkdirSync(join(directory, 'assets'))
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>FSMTP</title>')
  writeFileSync(join(directory, 'assets', 'index-abc.js'), 'start()')
  return `${directory}/`
}

const served = async (t: TestContext, directory: string) => {
  const app = fastify()
  page({ directory })(app, () => assert.fail('the page asks nothing of the house'))
  t.after(() => app.close())
  return app
}

test('every place of the page is the same document, asked for anew each time', async (t) => {
  const app = await served(t, built())
  for (const path of [
    '/',
    ...places.map((place) => `/${place}`),
    '/sessions/01abc',
    '/mail/a@b.example/01',
  ]) {
    const { statusCode, headers, body } = await app.inject(path)
    assert.equal(statusCode, 200, path)
    assert.match(body, /<title>FSMTP/)
    assert.equal(headers['cache-control'], 'no-cache')
    assert.match(String(headers['content-type']), /^text\/html/)
  }
})

test('the page may run and fetch nothing but its own, and nobody may show it within theirs', async (t) => {
  const app = await served(t, built())
  const { headers } = await app.inject('/')
  const policy = new Map(
    String(headers['content-security-policy'])
      .split('; ')
      .map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]),
  )
  assert.equal(policy.get('default-src'), "'none'")
  assert.equal(policy.get('script-src'), "'self'")
  assert.equal(policy.get('style-src'), "'self'")
  assert.equal(policy.get('frame-ancestors'), "'none'")
  assert.equal(policy.get('connect-src'), "'self'")
  assert.equal(headers['x-frame-options'], 'DENY')
})

test('files with a hash in their name are kept for good, packed for who takes that', async (t) => {
  const app = await served(t, built())
  const plain = await app.inject('/assets/index-abc.js')
  assert.equal(plain.body, 'start()')
  assert.match(String(plain.headers['cache-control']), /immutable/)
  assert.match(String(plain.headers['content-type']), /^text\/javascript/)
  const packed = await app.inject({ url: '/assets/index-abc.js', headers: { 'accept-encoding': 'gzip, br' } })
  assert.equal(packed.headers['content-encoding'], 'br')
})

test('nothing outside of the built files is given out', async (t) => {
  const app = await served(t, built())
  for (const path of ['/assets/..%2findex.html', '/assets/%2e%2e/index.html', '/assets/other.js', '/assets/'])
    assert.equal((await app.inject(path)).statusCode, 404, path)
})

test('where the page was not built, it is said what to do', async (t) => {
  const app = await served(t, scratch('nothing'))
  const { statusCode, body, headers } = await app.inject('/')
  assert.equal(statusCode, 503)
  assert.match(body, /npm run build:web/)
  assert.match(String(headers['content-type']), /^text\/plain/)
})

test('who looks for a page that is not there gets one that says so; programs are told as ever', async (t) => {
  const app = await served(t, built())
  const asked = (url: string, accept: string, method: 'GET' | 'POST' = 'GET') =>
    app.inject({ url, method, headers: { accept } })
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  for (const path of ['/nonsense', '/non/sense?a=b', '/apiary']) {
    const { statusCode, headers, body } = await asked(path, browser)
    assert.equal(statusCode, 404, path)
    assert.match(String(headers['content-type']), /^text\/html/)
    assert.match(String(headers['content-security-policy']), /script-src 'self'/)
    assert.match(body, /<title>FSMTP/)
    assert.doesNotMatch((await asked(path, '*/*')).body, /<title>/)
  }
  for (const path of ['/api/v1/nonsense', '/api', '/assets/nonsense.js'])
    assert.doesNotMatch((await asked(path, browser)).body, /<title>/, path)
  assert.doesNotMatch((await asked('/nonsense', browser, 'POST')).body, /<title>/)
})
