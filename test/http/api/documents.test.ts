/** docs/api.md: every call is in it, and its examples do what they show. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { apiPage } from '../../../scripts/api-doc.ts'
import { read } from '../../house/sources.ts'
import { requireProgram } from '../../programs.ts'
import { fsmtp, scratch, startTestServer, workplace } from '../../server.ts'
import { watchedServer } from '../asking.ts'
import { password } from '../visitor.ts'
import { type Api, apiOf, eventually } from './asking.ts'

const page = read('docs/api.md')

test('docs/api.md names each call of the API (else: node scripts/api-doc.ts)', () => {
  assert.equal(page, apiPage())
})

type Example = { readonly command: string; readonly shown: string }

/** Below a heading: what is typed, and what is shown of the answer. */
const examplesUnder = (heading: string): readonly Example[] => {
  const [, section = ''] = page.split(new RegExp(`^## ${heading}$`, 'm'))
  const [text = ''] = section.split(/^## /m)
  return [...text.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block]) =>
    block!
      .split(/^\$ /m)
      .slice(1)
      .map((each) => {
        const [, command = '', shown = ''] = /^((?:.*\\\n)*.*\n)([\s\S]*)$/.exec(each) ?? []
        return { command: command.trim(), shown: shown.trim() }
      }),
  )
}

/** Without what is another every time. */
const lasting = (text: string): string =>
  text
    .replace(/\b[0-9a-hjkmnp-tv-z]{26}\b/g, 'DELIVERY')
    .replace(/\b\d[0-9a-hjkmnp-tv-z]{19}\b/g, 'ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]{12}Z/g, 'TIME')
    .replace(/"position":\d+|^id: \d+/gm, 'POSITION')

type Ran = { readonly stdout: string; readonly code: number }

/** `wait`, before each: what was done is in the views. */
const run = async (
  command: string,
  {
    port,
    folder,
    env = {},
  }: { readonly port: number; readonly folder: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ran> => {
  const text = command.replaceAll('127.0.0.1:8025', `127.0.0.1:${port}`)
  const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 16 * 1024 * 1024 }
  return promisify(execFile)('/bin/sh', ['-c', text], options).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    (error: { readonly stdout: string; readonly code: number }) => error,
  )
}

/** Each piece of what is shown, between dots, is in the answer, one after the other. */
const holds = ({ command, shown }: Example, { stdout, code }: Ran): void => {
  // What has no end is ended.
  assert.equal(code, command.includes('--max-time') ? 28 : 0, `${command}\n${stdout}`)
  let rest = lasting(stdout)
  for (const piece of lasting(shown).split(/\s*\.\.\.\s*/)) {
    const at = rest.indexOf(piece)
    assert.ok(at >= 0, `${command}\nshould say\n${piece}\nsays\n${lasting(stdout).slice(0, 3000)}`)
    rest = rest.slice(at + piece.length)
  }
}

/** Names of things, as examples write them, and the things. */
const things = async ({ items }: Api): Promise<Readonly<Record<string, string>>> => {
  const [[message], [session], [delivery]] = await Promise.all([
    items('/messages?limit=1&sender=demo@localhost&recipient=you@example.org'),
    items('/sessions?limit=1&outcome=accepted'),
    items('/deliveries?limit=1&recipient=b@deferred.test'),
  ])
  const [there] = await items('/mailboxes/you@example.org/messages')
  const named = { MESSAGE: message?.id, SESSION: session?.id, DELIVERY: delivery?.id, MAILED: there?.id }
  return Object.fromEntries(Object.entries(named).map(([name, id]) => [name, String(id)]))
}

const listeners = ['mx', 'submission', 'http'].map((service) => ({ service, address: '127.0.0.1', port: 0 }))

const playground = async (t: TestContext): Promise<Api> => {
  const server = await startTestServer({
    ...{ playground: true, hostname: 'localhost', domains: [], listeners },
    delivery: { retry: ['1h'], warnAfter: '2h', giveUpAfter: '5h' },
  })
  t.after(() => server.stop())
  await server.addAccount({ addresses: ['demo@localhost'], password })
  return apiOf(server)
}

for (const heading of ['Mail', 'What happened', 'Deliveries', 'Mailboxes', 'The log, machines, views'])
  test(`examples of docs/api.md: ${heading}`, async (t) => {
    if (requireProgram(t, 'curl') === null) return
    const api = await playground(t)
    const folder = scratch('examples')
    const at = { port: api.port, folder }
    const examples = examplesUnder(heading)
    assert.ok(examples.length > 0)
    // What is looked at was sent, as the first examples send it.
    const [first] = examplesUnder('Mail')
    if (heading !== 'Mail') assert.match((await run(first!.command, at)).stdout, /^{"id"/)
    await eventually(async () => {
      await api.settled()
      return heading === 'Mail' || (await api.items('/deliveries?status=deferred')).length === 1
    })
    for (const [nth, example] of examples.entries()) {
      await api.settled()
      const found = heading === 'Mail' && nth === 0 ? {} : await things(api)
      const command = example.command.replaceAll(
        /\b(MESSAGE|SESSION|DELIVERY|MAILED)\b/g,
        (name) => found[name] ?? name,
      )
      const ran = await run(command, at)
      if (process.env.FSMTP_SHOW) console.log(`$ ${example.command}\n${ran.stdout}`)
      else holds(example, ran)
    }
  })

test('examples of docs/api.md: Who asks', async (t) => {
  if (requireProgram(t, 'curl') === null) return
  const folder = workplace()
  const data = join(folder, 'data')
  const server = await watchedServer(t, {}, { data })
  const user = 'alice@example.org'
  await server.addAccount({ addresses: [user], password })
  const added = await fsmtp(folder, ['key', 'add', 'reports', '--role', 'look'])
  assert.equal(added.code, 0, added.stderr)
  const env = { KEY: added.stdout.trim(), PASSWORD: password }
  for (const example of examplesUnder('Who asks')) {
    const ran = await run(example.command, { port: server.http, folder, env })
    if (process.env.FSMTP_SHOW) console.log(`$ ${example.command}\n${ran.stdout}`)
    else holds(example, ran)
  }
})
