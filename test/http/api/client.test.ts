/** A client that an npm generator makes out of the description: it compiles, and does what it says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { generateApi } from 'swagger-typescript-api'
import { fsmtp, root, scratch, workplace } from '../../server.ts'
import { ask, watchedServer } from '../asking.ts'
import { withKey } from '../visitor.ts'

const use = `
import { Api } from './client.ts'
type Asking = { baseUrl: string; sender: string; reader: string }
const withKey = (baseUrl: string, key: string) =>
  new Api({ baseUrl, baseApiParams: { headers: { authorization: 'Bearer ' + key } } }).api
/** What the views say of it comes a moment later. */
const until = async <Found>(look: () => Promise<{ data: Found }>, is: (found: Found) => boolean): Promise<Found> => {
  for (;;) {
    const { data } = await look()
    if (is(data)) return data
  }
}
export const walk = async ({ baseUrl, sender, reader }: Asking) => {
  const mine = withKey(baseUrl, sender)
  const all = withKey(baseUrl, reader)
  const { data: sent } = await mine.sendMessage({
    to: ['alice@example.org', 'ann@far.example'], subject: 'Generated', text: 'Hi',
  })
  const { data: one } = await mine.getMessage(sent.id)
  const page = await until(() => all.listMessages({ limit: 1, subject: 'Generated' }), ({ items }) => items.length > 0)
  const subjects: (string | null)[] = page.items.map((item) => item.subject)
  const sessions = await until(
    () => all.listSessions({ user: 'alice@example.org', limit: 5 }),
    ({ items: [first] }) => first !== undefined && first.closedAt !== null,
  )
  const session = sessions.items[0]!
  const { data: steps } = await all.getSessionSteps(session.id)
  const deliveries = await until(
    () => all.listDeliveries({ message: sent.id }),
    ({ items: [first] }) => first?.status === 'deferred',
  )
  const delivery = deliveries.items[0]!
  const { data: held } = await all.holdDelivery(delivery.id)
  const { data: acted } = await all.actOnDeliveries({ action: 'cancel', filter: { message: sent.id } })
  const box = await until(
    () => mine.listMailboxMessages('alice@example.org', { limit: 10 }),
    ({ items }) => items.length > 0,
  )
  const filed = box.items[0]!
  const { data: changed } = await mine.changeMailboxMessage('alice@example.org', filed.id, { add: ['\\\\Seen', 'Later'] })
  const { data: flow } = await all.getMachineFlow('session')
  const status = (asked: Promise<unknown>) =>
    asked.then(() => 200, (answer: { error: { status: number } }) => answer.error.status)
  return {
    id: sent.id, subject: one.subject, subjects, session: session.user, messages: session.messages,
    steps: steps.items.map(({ event }) => event), next: sessions.next,
    destination: delivery.nextHop, held: held.status, acted: acted.count,
    filed: filed.message, flags: changed.flags, counted: flow.items.length > 0,
    absent: await status(all.getMessage('nothing')),
    forbidden: await status(mine.listViews()),
    unknown: await status(withKey(baseUrl, 'fsmtp_nobody_' + '0'.repeat(64)).listMessages()),
  }
}
`

type Walked = Readonly<Record<string, unknown>> & { readonly steps: readonly string[] }
type Walk = (asking: { baseUrl: string; sender: string; reader: string }) => Promise<Walked>

/** A server with a door, and the keys of two programs. */
const guarded = async (t: TestContext) => {
  const data = scratch('client-data')
  const server = await watchedServer(
    t,
    { delivery: { routes: { 'far.example': '127.0.0.1:9' }, retry: ['1h'] } },
    { data },
  )
  await server.addAccount({ addresses: ['alice@example.org'], password: 'a password' })
  const key = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await fsmtp(workplace(), ['key', 'add', ...words, '--data', data])
    assert.equal(code, 0, stderr)
    return stdout.trim()
  }
  return {
    baseUrl: `http://127.0.0.1:${server.http}`,
    sender: await key('shop', '--role', 'act', '--account', 'alice@example.org'),
    reader: await key('boss', '--role', 'administer'),
  }
}

test('a generated client compiles and works', async (t) => {
  const folder = scratch('client')
  const asking = await guarded(t)
  const { text, status } = await ask(
    Number(new URL(asking.baseUrl).port),
    '/api/v1/openapi.json',
    withKey(asking.reader),
  )
  assert.equal(status, 200, text)
  const spec = JSON.parse(text) as object
  await generateApi({
    ...{ spec: spec as never, output: folder, fileName: 'client.ts', silent: true, httpClientType: 'fetch' },
    ...{ generateClient: true, modular: false, extractEnums: false, enumNamesAsValues: false },
  })
  writeFileSync(join(folder, 'use.ts'), use)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const settings = {
    compilerOptions: {
      ...{
        strict: true,
        target: 'es2022',
        module: 'nodenext',
        moduleResolution: 'nodenext',
        skipLibCheck: true,
      },
      ...{ lib: ['es2022', 'dom', 'dom.iterable'], types: [], outDir: join(folder, 'out') },
      ...{ allowImportingTsExtensions: true, rewriteRelativeImportExtensions: true },
    },
    include: [folder],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '--project', folder], { stdio: 'pipe', encoding: 'utf8' })
  mkdirSync(join(folder, 'out'), { recursive: true })
  cpSync(join(folder, 'package.json'), join(folder, 'out/package.json'))
  const { walk } = (await import(pathToFileURL(join(folder, 'out/use.js')).href)) as { walk: Walk }
  const { id, steps, ...found } = await walk(asking)
  assert.match(String(id), /^[0-9a-z]{20}$/)
  assert.deepEqual([steps[0], steps.at(-1)], ['SessionOpened', 'SessionClosed'])
  assert.deepEqual(found, {
    ...{
      subject: 'Generated',
      subjects: ['Generated'],
      session: 'alice@example.org',
      messages: [id],
      next: null,
    },
    ...{ destination: 'far.example', held: 'held', acted: 1 },
    ...{ filed: id, flags: ['\\Seen', 'Later'], counted: true },
    ...{ absent: 404, forbidden: 403, unknown: 401 },
  })
})
