/** Two servers on one log and one bucket: either takes mail, either delivers, and what one leaves the other takes over. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { realServer } from '../kurrent/target.ts'
import { standIn as bucket } from '../s3/target.ts'
import { type ChildServer, eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { type Behaviour, type FarHost, farHost } from './far-host.ts'

/** Milliseconds: longer than a server on a slow machine stands still. */
const lease = 8_000

let logs = 0
type Fleet = {
  readonly far: FarHost
  readonly folder: (node: string) => string
  readonly up: (node: string) => Promise<ChildServer>
}

const fleet = async (t: TestContext, behaviour: Behaviour = {}): Promise<Fleet> => {
  const far = await farHost(behaviour)
  t.after(() => far.close())
  const standIn = realServer === undefined ? await startKurrentStandIn() : null
  if (standIn) t.after(() => standIn.close())
  const log = new URL(realServer ?? standIn!.url)
  log.searchParams.set('streamPrefix', `nodes_${Date.now().toString(36)}_${++logs}_`)
  const { url: content } = await bucket(t)
  const folders = new Map(
    ['a', 'b'].map((node) => [
      node,
      workplace({
        hostname: 'mx.example.org',
        listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
        proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
        delivery: { routes: { 'far.example': `127.0.0.1:${far.port}` }, retry: ['1s'] },
        ...{ log: log.href, content, cluster: { node: `${node}.example.org`, lease: `${lease}ms` } },
      }),
    ]),
  )
  const added = await fsmtp(folders.get('a')!, ['user', 'add', 'ann@example.org'], {
    input: 'a long password\n',
  })
  assert.equal(added.code, 0, added.stderr)
  return {
    far,
    folder: (node) => folders.get(node)!,
    up: async (node) => {
      const server = await serve(folders.get(node)!)
      t.after(async () => {
        if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGKILL')
      })
      return server
    },
  }
}

const submit = async (server: ChildServer, to: string): Promise<string> => {
  const line = await greeted(server.port('mx'))
  assert.match(await line.say('XCLIENT LOGIN=ann@example.org'), /^220/)
  assert.match(await line.say('EHLO client.example'), /^250/)
  const reply = await send(line, 'Subject: hi\r\n\r\nhello', { from: 'ann@example.org', to: [to] })
  line.hangUp()
  return acceptedAs(reply) ?? assert.fail(reply)
}

type Row = Record<string, unknown> & { readonly id: string; readonly status: string }
const deliveries = async (folder: string): Promise<Row[]> =>
  objects(await fsmtp(folder, ['deliveries', '--json'])) as Row[]
const soundAt = async (folder: string): Promise<void> => {
  const { code, stdout, stderr } = await fsmtp(folder, ['verify'])
  assert.equal(code, 0, `${stdout}${stderr}`)
}
const delivered = (folder: string, count: number): Promise<Row[]> =>
  eventually(
    async () => {
      const rows = await deliveries(folder)
      return rows.length === count && rows.every(({ status }) => status === 'delivered') ? rows : undefined
    },
    { what: `${count} delivered` },
  )

test('either takes mail and delivers it; both show the same', async (t) => {
  const { far, folder, up } = await fleet(t)
  const [a, b] = [await up('a'), await up('b')]
  await submit(a, 'one@far.example')
  await submit(b, 'two@far.example')
  const seen = await delivered(folder('a'), 2)
  assert.deepEqual(await delivered(folder('b'), 2), seen)
  assert.deepEqual(far.received.map(({ recipients }) => recipients.join()).sort(), [
    'one@far.example',
    'two@far.example',
  ])
  assert.deepEqual([await a.end(), await b.end()], [0, 0])
  await soundAt(folder('b'))
})

test('killed in the middle of an attempt, its delivery is made again by the other, marked as possibly there twice', async (t) => {
  let isStuck = true
  const { far, folder, up } = await fleet(t, {
    beforeAnswer: () => (isStuck ? new Promise(() => {}) : undefined),
  })
  const a = await up('a')
  const b = await up('b')
  await submit(a, 'one@far.example')
  await eventually(() => far.dots() === 1 || undefined, { what: 'the dot came' })
  isStuck = false
  await a.end('SIGKILL')
  const [row] = await delivered(folder('b'), 1)
  assert.equal(row!.uncertain, 1)
  assert.equal(far.dots(), 2)
  assert.equal(await b.end(), 0)
  await soundAt(folder('b'))
})

test('what one has under way is held from the folder of the other, and cancelled with neither at work', async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const { far, folder, up } = await fleet(t, { beforeAnswer: () => promise })
  const [a, b] = [await up('a'), await up('b')]
  await submit(a, 'one@far.example')
  await eventually(() => far.dots() === 1 || undefined, { what: 'the dot came' })
  const held = await eventually(async () => {
    const said = await fsmtp(folder('b'), ['hold', '--domain', 'far.example'])
    return said.code === 0 && said
  })
  assert.equal(held.stdout, '1 delivery will be held when its attempt ends\n')
  resolve('451 4.3.0 Not now')
  const both = await Promise.all(
    ['a', 'b'].map((node) =>
      eventually(async () => {
        const [row] = await deliveries(folder(node))
        return row?.status === 'held' && row
      }),
    ),
  )
  assert.deepEqual([both[0]!.attempts, both[0]!.uncertain], [1, 0])
  assert.equal(far.dots(), 1)
  assert.deepEqual([await a.end(), await b.end()], [0, 0])
  const cancelled = await fsmtp(folder('b'), ['cancel', both[1]!.id])
  assert.equal(cancelled.stdout, '1 delivery cancelled\n', cancelled.stderr)
  await soundAt(folder('b'))
})

test('killed while its delivery waits, the other makes the next attempt', async (t) => {
  let isLate = true
  const { far, folder, up } = await fleet(t, { recipient: () => (isLate ? '451 4.7.1 Later' : null) })
  const a = await up('a')
  await submit(a, 'one@far.example')
  await eventually(async () => (await deliveries(folder('a')))[0]?.status === 'deferred' || undefined, {
    what: 'deferred',
  })
  const b = await up('b')
  await a.end('SIGKILL')
  isLate = false
  await delivered(folder('b'), 1)
  assert.equal(far.received.length, 1)
  assert.equal(await b.end(), 0)
  await soundAt(folder('b'))
})

test('one that was paused for longer than its lease does not undo what the other did meanwhile', async (t) => {
  let isStuck = true
  let go: () => void = () => {}
  const { far, folder, up } = await fleet(t, {
    beforeAnswer: () =>
      isStuck
        ? new Promise<void>((resolve) => {
            go = resolve
          })
        : undefined,
  })
  const a = await up('a')
  const b = await up('b')
  await submit(a, 'one@far.example')
  await eventually(() => far.dots() === 1 || undefined, { what: 'the dot came' })
  isStuck = false
  a.child.kill('SIGSTOP')
  const [row] = await delivered(folder('b'), 1)
  assert.equal(row!.uncertain, 1)
  a.child.kill('SIGCONT')
  go()
  // It goes on taking and delivering mail.
  await submit(a, 'two@far.example')
  await delivered(folder('b'), 2)
  assert.deepEqual([await a.end(), await b.end()], [0, 0])
  assert.equal((await deliveries(folder('a'))).filter(({ status }) => status === 'delivered').length, 2)
  await soundAt(folder('a'))
})

test('killed after it took mail whose sender is to be told: told once, by whoever comes to it', async (t) => {
  const { folder, up } = await fleet(t)
  const a = await up('a')
  const b = await up('b')
  const line = await greeted(a.port('mx'))
  const ids: string[] = []
  for (let mail = 0; mail < 5; mail++) {
    for (const command of ['MAIL FROM:<ann@example.org>', 'RCPT TO:<postmaster> NOTIFY=SUCCESS'])
      assert.match(await line.say(command), /^250/)
    await line.say('DATA')
    ids.push(acceptedAs(await line.say('Subject: hi\r\n\r\nhello\r\n.')) ?? assert.fail())
  }
  await a.end('SIGKILL')
  const about = async () =>
    (
      objects(await fsmtp(folder('b'), ['messages', '--json'])) as { cause: { message: string } | null }[]
    ).flatMap(({ cause }) => (cause === null ? [] : [cause.message]))
  await eventually(async () => (await about()).length === ids.length || undefined, {
    what: `${ids.length} receipts`,
  })
  assert.equal(await b.end(), 0)
  const again = await up('a')
  assert.equal(await again.end(), 0)
  assert.deepEqual((await about()).sort(), ids.toSorted())
  await soundAt(folder('b'))
})

test('sessions of a server that was killed get their end from the other, those of one that lives stay', async (t) => {
  const { folder, up } = await fleet(t)
  const [a, b] = [await up('a'), await up('b')]
  const [cut, live] = [await greeted(a.port('mx')), await greeted(b.port('mx'))]
  assert.match(await cut.say('EHLO cut.example'), /^250/)
  assert.match(await live.say('EHLO live.example'), /^250/)
  const sessions = async () =>
    objects(await fsmtp(folder('b'), ['sessions', '--json'])) as { helo: string; outcome: string }[]
  await eventually(async () => (await sessions()).length === 2 || undefined, {
    what: 'both are seen',
  })
  await a.end('SIGKILL')
  await eventually(
    async () =>
      (await sessions()).some(({ helo, outcome }) => helo === 'cut.example' && outcome !== 'open') ||
      undefined,
    { what: 'the end of the session that was cut off' },
  )
  assert.equal((await sessions()).find(({ helo }) => helo === 'live.example')?.outcome, 'open')
  assert.match(await live.say('NOOP'), /^250/)
  live.hangUp()
  assert.equal(await b.end(), 0)
})

test('two of the same name: the second is turned away, with what to do', async (t) => {
  const { folder, up } = await fleet(t)
  const a = await up('a')
  const same = workplace(JSON.parse(await configOf(folder('a'))))
  const second = await fsmtp(same, ['serve'])
  assert.equal(second.code, 1)
  assert.match(
    second.stderr,
    /another server on this log calls itself a\.example\.org; give each its own name/,
  )
  assert.equal(await a.end(), 0)
})

const configOf = async (folder: string): Promise<string> => {
  const { readFile } = await import('node:fs/promises')
  return readFile(`${folder}/fsmtp.yaml`, 'utf8')
}
