/** The proxies of docs/proxies.md, as they stand there, in front of a server: names, addresses, HTTPS, live answers, large bodies. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request as plainly } from 'node:http'
import { request as securely } from 'node:https'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { generate } from 'selfsigned'
import { freePort } from '../../bench/process.ts'
import { acceptedAs, greeted, send } from '../client.ts'
import { read } from '../house/sources.ts'
import { watchedServer } from '../http/asking.ts'
import { cookieOf, password } from '../http/visitor.ts'
import { foreground, requireProgram } from '../programs.ts'
import { eventually, scratch } from '../server.ts'

const name = 'mail.example.org'
const user = 'alice@example.org'

/** The file of docs/proxies.md in that language. */
const fileOf = (language: string): string => {
  const [, text] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(read('docs/proxies.md')) ?? []
  return text ?? assert.fail(`docs/proxies.md has no ${language}`)
}

type Place = {
  readonly folder: string
  readonly http: number
  readonly https: number
  readonly backend: number
  readonly cert: string
  readonly key: string
  readonly both: string
}
type Proxy = {
  readonly program: string
  /** Words to start it with, once its file is written. */
  readonly words: (place: Place) => readonly string[]
}

const written = ({ folder }: Place, file: string, text: string): string => {
  writeFileSync(join(folder, file), text)
  return join(folder, file)
}

const proxies: readonly Proxy[] = [
  {
    program: 'nginx',
    words: (place) => {
      const own = fileOf('nginx')
        .replace('listen 80', `listen 127.0.0.1:${place.http}`)
        .replace('listen 443', `listen 127.0.0.1:${place.https}`)
        .replace(/\/etc\/ssl\S+cert\.pem/, place.cert)
        .replace(/\/etc\/ssl\S+key\.pem/, place.key)
        .replace('127.0.0.1:8025', `127.0.0.1:${place.backend}`)
      const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (what) => `${what}_temp_path ${join(place.folder, what)};`,
      )
      const text = `daemon off; master_process off; pid ${join(place.folder, 'pid')}; error_log stderr;
        events {} http { access_log off; ${kept.join(' ')}\n${own}}`
      return ['-e', 'stderr', '-p', place.folder, '-c', written(place, 'nginx.conf', text)]
    },
  },
  {
    program: 'caddy',
    words: (place) => {
      const own = fileOf('caddy')
        .replace(
          `${name} {`,
          `https://${name}:${place.https} {\n  bind 127.0.0.1\n  tls ${place.cert} ${place.key}`,
        )
        .replace('127.0.0.1:8025', `127.0.0.1:${place.backend}`)
      const text = `{\n  admin off\n  skip_install_trust\n  http_port ${place.http}\n}\n${own}`
      return ['run', '--adapter', 'caddyfile', '--config', written(place, 'Caddyfile', text)]
    },
  },
  {
    program: 'haproxy',
    words: (place) => {
      const own = fileOf('haproxy')
        .replace('bind :80', `bind 127.0.0.1:${place.http}`)
        .replace('bind :443', `bind 127.0.0.1:${place.https}`)
        .replace(/\/etc\/ssl\S+\.pem/, place.both)
        .replace('127.0.0.1:8025', `127.0.0.1:${place.backend}`)
      return ['-db', '-f', written(place, 'haproxy.cfg', own)]
    },
  },
]

const placeFor = async (backend: number): Promise<Place> => {
  const folder = scratch('proxy')
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }])
  const place = { folder, http: await freePort(), https: await freePort(), backend }
  const [certFile, keyFile, both] = ['cert.pem', 'key.pem', 'both.pem'].map((file) => join(folder, file))
  writeFileSync(certFile!, cert)
  writeFileSync(keyFile!, key)
  writeFileSync(both!, `${cert.trim()}\n${key.trim()}\n`)
  mkdirSync(join(folder, 'home'))
  return { ...place, cert: certFile!, key: keyFile!, both: both! }
}

/** Resolves when the server behind it answers. */
const started = (t: TestContext, program: string, words: readonly string[], place: Place): Promise<void> => {
  const home = join(place.folder, 'home')
  const env = { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
  const isUp = async (): Promise<boolean> => (await ask(place, '/healthz').catch(() => null))?.status === 200
  return foreground(t, { program, words, env, isUp })
}

type Asked = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly host?: string
  readonly isPlain?: boolean
}
/** As somebody at another address of loopback. */
const client = '127.0.0.7'

const opened = (place: Place, path: string, asked: Asked = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body, host = name, isPlain = false } = asked
    const options = {
      ...{ host: '127.0.0.1', path, method, localAddress: client, agent: false },
      headers: { host, ...headers },
    }
    const ask = isPlain
      ? plainly({ ...options, port: place.http }, resolve)
      : securely({ ...options, port: place.https, servername: host, rejectUnauthorized: false }, resolve)
    ask.once('error', reject).end(body)
  })

const ask = async (place: Place, path: string, asked: Asked = {}) => {
  const answer = await opened(place, path, asked)
  const text = (await answer.setEncoding('utf8').toArray()).join('')
  return { status: answer.statusCode ?? 0, headers: answer.headers, text }
}

const json = { 'content-type': 'application/json' }
const listeners = ['mx', 'http'].map((service) => ({ service, address: '127.0.0.1', port: 0 }))

for (const { program, words } of proxies)
  test(`behind ${program}`, async (t) => {
    const found = requireProgram(t, program)
    if (found === null) return
    const server = await watchedServer(t, {
      listeners,
      http: { proxies: ['127.0.0.1/32'], allowedHosts: [name], administrators: [user] },
    })
    await server.addAccount({ addresses: [user], password })
    const place = await placeFor(server.http)
    await started(t, found, words(place), place)

    const redirected = await ask(place, '/x?y=1', { isPlain: true })
    // Caddy has 308.
    assert.ok([301, 308].includes(redirected.status), String(redirected.status))
    assert.match(String(redirected.headers.location), /^https:\/\/mail\.example\.org(:\d+)?\/x\?y=1$/)

    const entering = { user, password }
    const forged = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' }
    const entered = await ask(place, '/api/v1/login', {
      ...{ method: 'POST', headers: { ...json, ...forged }, body: JSON.stringify(entering) },
    })
    assert.equal(entered.status, 200, entered.text)
    assert.match(String(entered.headers['set-cookie']), /^__Host-fsmtp=.*; Secure$/)
    const cookie = cookieOf(entered)
    const own = { cookie, origin: `https://${name}`, 'sec-fetch-site': 'same-origin' }
    const logins = JSON.parse((await ask(place, '/api/v1/logins', { headers: own })).text) as {
      items: readonly { address: string }[]
    }
    assert.deepEqual(
      logins.items.map(({ address }) => address),
      [client],
    )

    const strange = await ask(place, '/healthz', { host: 'rebound.example' }).catch(() => null)
    // Caddy has no such site.
    assert.ok(strange === null || strange.status === 421 || strange.text === '', strange?.text ?? '')

    const live = await opened(place, '/api/v1/events?type=MessageAccepted', {
      headers: { ...own, accept: 'text/event-stream' },
    })
    assert.equal(live.statusCode, 200)
    let told = ''
    live.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    const line = await greeted(server.port('mx'))
    const id = acceptedAs(await send(line, 'Subject: x\r\n\r\nx', { to: ['alice@example.org'] }))
    line.hangUp()
    await eventually(() => told.includes(`"message":"${id}"`), { what: 'that it is told at once' })
    live.destroy()

    const attachment = { filename: 'a.bin', content: Buffer.alloc(3_000_000, 7).toString('base64') }
    const mail = { from: user, to: [user], subject: 'large', text: 'see there', attachments: [attachment] }
    const sent = await ask(place, '/api/v1/messages', {
      ...{ method: 'POST', headers: { ...own, ...json }, body: JSON.stringify(mail) },
    })
    assert.equal(sent.status, 202, sent.text)
    const other = await ask(place, '/api/v1/messages', {
      method: 'POST',
      headers: { ...own, ...json, origin: 'https://other.example', 'sec-fetch-site': 'cross-site' },
      body: JSON.stringify(mail),
    })
    assert.equal(other.status, 403)
  })
