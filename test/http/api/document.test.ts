/** The description of the API: valid, complete, and without anything that a client would stumble over. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { apiDocument, rows } from '../../../src/http/api/index.ts'
import { watchedServer } from '../asking.ts'
import { apiServer } from './asking.ts'

type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly { readonly name: string; readonly schema: object }[]
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> }
}

test('it is OpenAPI 3.1, as its standard has it', async () => {
  const document = JSON.parse(JSON.stringify(apiDocument()))
  const validator = new Validator()
  const { valid, errors } = await validator.validate(document)
  assert.equal(valid, true, JSON.stringify(errors))
  assert.equal(validator.version, '3.1')
})

test('it names every row once, with its parameters, and every shape it speaks of is there', () => {
  const document = JSON.parse(JSON.stringify(apiDocument())) as Document
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  assert.deepEqual(
    operations.map((one) => one.operationId).toSorted(),
    rows.map(({ name }) => name).toSorted(),
  )
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length)
  const spoken = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name!,
  )
  assert.ok(spoken.length > 20)
  for (const name of spoken) assert.ok(document.components.schemas[name], name)
  for (const name of ['Session', 'Message', 'Delivery', 'MailboxMessage', 'Step', 'Event', 'Problem'])
    assert.ok(document.components.schemas[name]?.properties, name)
  const { operationId, parameters = [] } = document.paths['/api/v1/messages']!.get!
  assert.equal(operationId, 'listMessages')
  assert.ok(parameters.some(({ name }) => name === 'recipient'))
})

test('it is served', async (t) => {
  const api = await apiServer(t)
  const { status, text, headers } = await api
    .ask('/messages?limit=1')
    .then(() => fetch(`http://127.0.0.1:${api.port}/api/v1/openapi.json`))
    .then(async (answer) => ({ status: answer.status, text: await answer.text(), headers: answer.headers }))
  assert.equal(status, 200)
  assert.match(headers.get('content-type') ?? '', /^application\/json/)
  assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(apiDocument())))
})

test('each row has a whole summary that no other has', () => {
  const document = JSON.parse(JSON.stringify(apiDocument())) as Document
  const summaries = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map((one) => one.summary),
  )
  assert.equal(new Set(summaries).size, rows.length)
  for (const summary of summaries) assert.match(summary, /^[A-Z].{7,70}[^.:;,]$/)
})

test('what is near to its page leads there', async (t) => {
  const { port } = await apiServer(t)
  for (const near of ['/api', '/api/', '/api/v1', '/api/v1/', '/api/v1/docs'])
    assert.equal((await fetch(`http://127.0.0.1:${port}${near}`)).url.replace(/.*\d/, ''), '/api/docs', near)
  const nothing = await fetch(`http://127.0.0.1:${port}/api/v1/nothing`)
  assert.equal(nothing.status, 404)
  assert.match(await nothing.text(), /\/api\/docs/)
})

test('it can be read: each call and each shape in one page, without a script and anything from elsewhere', async (t) => {
  const { port } = await apiServer(t)
  const answer = await fetch(`http://127.0.0.1:${port}/api/docs`)
  const text = await answer.text()
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
  const policy = answer.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; style-src 'sha256-/)
  assert.doesNotMatch(policy, /script|unsafe/)
  const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(text) ?? []
  assert.ok(policy.includes(createHash('sha256').update(style).digest('base64')))
  assert.doesNotMatch(text, /<script|<link|<img|https?:\/\//)
  for (const { name, method, path, summary } of rows) {
    assert.ok(text.includes(`<details id="${name}">`), name)
    assert.ok(text.includes(`<b>${method}</b> /api/v1${path}</code> ${summary}</summary>`), path)
  }
  for (const [, name] of text.matchAll(/href="#(schema-\w+)"/g))
    assert.ok(text.includes(`id="${name}"`), String(name))
  const locked = await watchedServer(t)
  assert.equal((await fetch(`http://127.0.0.1:${locked.http}/api/docs`)).status, 401)
})
