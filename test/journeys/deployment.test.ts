/**
 * What `docker compose up` makes, without containers: deploy/first-start.mjs, two servers with deploy/fsmtp.yaml, and haproxy with
 * deploy/haproxy.cfg in front of them. Addresses and ports are other ones; everything else is as it is mounted.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort } from '../../bench/process.ts'
import { acceptedAs, Line, send } from '../client.ts'
import { read } from '../house/sources.ts'
import { type KurrentStandIn, startKurrentStandIn } from '../kurrent/stand-in.ts'
import { foreground, requireProgram } from '../programs.ts'
import { standIn as bucket, withEnvironment } from '../s3/target.ts'
import {
  type ChildServer,
  eventually,
  type Finished,
  finished,
  fsmtp,
  objects,
  root,
  scratch,
  serve,
} from '../server.ts'

const services = ['mx', 'submission', 'submissions'] as const
type Service = (typeof services)[number]

/** deploy/fsmtp.yaml, on loopback and any free port. */
const configuration = (): string =>
  read('deploy/fsmtp.yaml')
    .replaceAll('0.0.0.0', '127.0.0.1')
    .replaceAll(/port: \d+/g, 'port: 0')
    .replace('172.30.25.10/32', '127.0.0.1/32')

const firstStart = (folder: string): Promise<Finished> =>
  finished(
    spawn(process.execPath, [join(root, 'deploy/first-start.mjs'), join(folder, 'fsmtp.yaml')], {
      env: { ...process.env, FSMTP_PROGRAM: `${process.execPath} ${join(root, 'src/cli/main.ts')}` },
      stdio: 'pipe',
    }),
  )

const httpPort = (server: ChildServer): string =>
  /^ {2}http +127\.0\.0\.1:(\d+)/m.exec(server.output())?.[1] ?? assert.fail(server.output())

type Ports = Readonly<Record<Service, number>>

/** deploy/haproxy.cfg, with these nodes at their addresses, listening on `ports`. */
const balancing = (nodes: readonly ChildServer[], ports: Ports): string => {
  const own = new Map(
    services.map((service) => [{ mx: 2525, submission: 2587, submissions: 2465 }[service], service]),
  )
  return read('deploy/haproxy.cfg')
    .replace(/^resolvers names\n(?: .*\n)+/m, '')
    .replace('resolvers names init-addr last,libc,none', '')
    .replace('check port 8025 inter 3s', 'check inter 200ms')
    .replaceAll(/bind :(\d+)/g, (_, port) => `bind 127.0.0.1:${ports[own.get(Number(port))!]}`)
    .replace(/^frontend health\n(?: .*\n)+/m, '')
    .replaceAll(/ node([12]):(\d+)(?<rest>.*)/g, (_, at, port, rest) => {
      const node = nodes[Number(at) - 1]!
      const check = rest.includes('no-check') ? '' : ` port ${httpPort(node)}`
      return ` 127.0.0.1:${node.port(own.get(Number(port))!)}${rest}${check}`
    })
}

const balancer = async (t: TestContext, program: string, nodes: readonly ChildServer[]): Promise<Ports> => {
  const [mx, submission, submissions] = await Promise.all(services.map(freePort))
  const ports = { mx: mx!, submission: submission!, submissions: submissions! }
  const file = join(scratch('balancer'), 'haproxy.cfg')
  writeFileSync(file, balancing(nodes, ports))
  const isUp = (): Promise<boolean> =>
    Line.to(ports.mx).then(
      (line) => {
        line.hangUp()
        return true
      },
      () => false,
    )
  await foreground(t, { program, words: ['-db', '-f', file], isUp })
  return ports
}

/** The first line of a reply. Servers wait for the log for ten seconds before they say that it is away. */
const heard = async (line: Line): Promise<string> => {
  for (let more = 3; ; more--)
    try {
      return (await line.reply())[0]!
    } catch (error) {
      if (more === 0 || !/did not come/.test(String(error))) throw error
    }
}

/** One mail through the balancer from another address of loopback; the reply to its dot, or the first refusal. */
const mail = async (port: number, from: string): Promise<string> => {
  const line = await Line.to(port, { from })
  const commands = ['EHLO a.example', 'MAIL FROM:<a@b.example>', 'RCPT TO:<postmaster@example.org>', 'DATA']
  try {
    let reply = await heard(line)
    for (const command of [...commands, 'Subject: hi\r\n\r\nhello\r\n.']) {
      if (/^[45]/.test(reply)) return reply
      line.send(`${command}\r\n`)
      reply = await heard(line)
    }
    return reply
  } finally {
    line.hangUp()
  }
}

type Session = { node: string; listener: string; peer: { address: string }; user: string | null }
type Deployment = {
  readonly folder: string
  readonly log: KurrentStandIn
  readonly password: string
  readonly nodes: readonly ChildServer[]
  readonly sessions: () => Promise<readonly Session[]>
}

const deployed = async (t: TestContext): Promise<Deployment> => {
  const log = await startKurrentStandIn()
  t.after(() => log.close())
  const { url: content } = await bucket(t)
  const folder = scratch('deployed')
  mkdirSync(join(folder, 'keys'))
  writeFileSync(join(folder, 'fsmtp.yaml'), configuration())
  const names = { FSMTP_DOMAIN: 'example.org', FSMTP_HOSTNAME: 'mx.example.org' }
  withEnvironment(t, { ...names, FSMTP_LOG: log.url, FSMTP_CONTENT: content, FSMTP_NODE: 'init.example.org' })
  const first = await firstStart(folder)
  assert.equal(first.code, 0, first.stderr)
  const nodes: ChildServer[] = []
  for (const name of ['node1', 'node2']) {
    process.env.FSMTP_NODE = `${name}.mx.example.org`
    const node = await serve(folder, { words: ['--data', join(folder, name)] })
    nodes.push(node)
    t.after(async () => {
      if (node.child.exitCode === null && node.child.signalCode === null) await node.end('SIGKILL')
    })
  }
  const password = /account postmaster@example\.org, password (\S+) /.exec(first.stdout)?.[1]
  assert.ok(password, first.stdout)
  return {
    ...{ folder, log, password, nodes },
    sessions: async () =>
      objects(await fsmtp(folder, ['sessions', '--json', '--data', 'node2'])) as unknown[] as Session[],
  }
}

test('the first start makes keys and an account once, and prints what to publish', async (t) => {
  const log = await startKurrentStandIn()
  t.after(() => log.close())
  const folder = scratch('first')
  mkdirSync(join(folder, 'keys'))
  writeFileSync(join(folder, 'fsmtp.yaml'), configuration())
  withEnvironment(t, {
    ...{ FSMTP_DOMAIN: 'example.net', FSMTP_HOSTNAME: 'mx.example.net', FSMTP_NODE: 'init.example.net' },
    ...{ FSMTP_LOG: log.url, FSMTP_CONTENT: 'files' },
  })
  // Waits for a log that is not there yet.
  await log.stop()
  const starting = firstStart(folder)
  await eventually(async () => existsSync(join(folder, 'keys/srs.key')) || undefined, { what: 'keys' })
  await log.start()
  const first = await starting
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stdout, /no faults\n\naccount postmaster@example\.net, password \S+ \(shown only now/)
  assert.match(first.stdout, /^example\.net\. 3600 IN MX 10 mx\.example\.net\.$/m)
  for (const selector of ['rsa1', 'ed1'])
    assert.match(first.stdout, new RegExp(`^${selector}\\._domainkey\\.example\\.net\\.`, 'm'))
  const kept = () =>
    ['dkim/ed1.pem', 'dkim/rsa1.pem', 'srs.key', 'tls/cert.pem', 'tls/key.pem'].map((name) => {
      const file = join(folder, 'keys', name)
      return [name, statSync(file).mode & 0o777, readFileSync(file, 'utf8')]
    })
  const keys = kept()
  assert.deepEqual(
    keys.filter(([name]) => name !== 'tls/cert.pem').map(([, mode]) => mode),
    [0o600, 0o600, 0o600, 0o600],
  )
  assert.deepEqual(readdirSync(join(folder, 'keys')).sort(), ['dkim', 'srs.key', 'tls'])

  const second = await firstStart(folder)
  assert.equal(second.code, 0, second.stderr)
  assert.doesNotMatch(second.stdout, /password/)
  assert.match(second.stdout, /_domainkey/)
  assert.deepEqual(kept(), keys)
})

test('two servers behind one address', async (t) => {
  const program = requireProgram(t, 'haproxy')
  if (program === null) return
  const { folder, log, password, nodes, sessions } = await deployed(t)
  const ports = await balancer(t, program, nodes)

  await t.test('each takes a mail, and knows who the client really is', async () => {
    // One more than there are nodes: that which found out that the balancer listens may still count for one of them.
    const clients = ['127.0.0.2', '127.0.0.3', '127.0.0.3']
    const lines: Line[] = []
    for (const from of clients) lines.push(await Line.to(ports.mx, { from }))
    for (const line of lines) {
      assert.match((await line.reply())[0]!, /^220/)
      assert.match(await line.say('EHLO client.example'), /^250/)
      const reply = await send(line, 'Subject: hi\r\n\r\nhello', { to: ['postmaster@example.org'] })
      assert.ok(acceptedAs(reply), reply)
    }
    for (const line of lines) line.hangUp()
    const seen = (await sessions()).filter(({ peer }) => /^127\.0\.0\.[23]$/.test(peer.address))
    assert.deepEqual(seen.map(({ peer }) => peer.address).sort(), clients)
    const nodesSeen = new Set(seen.map(({ node }) => node))
    assert.deepEqual([...nodesSeen].sort(), ['node1.mx.example.org', 'node2.mx.example.org'])
  })

  await t.test(
    'TLS is between client and server, with the key all have; the first account logs in',
    async () => {
      for (const _ of nodes) {
        const line = await Line.to(ports.submissions, { from: '127.0.0.4' })
        const secure = await line.secure()
        const { raw } = secure.getPeerCertificate()
        const pem = readFileSync(join(folder, 'keys/tls/cert.pem'), 'utf8')
        assert.equal(raw.toString('base64'), pem.replaceAll(/-----.*-----|\s/g, ''))
        assert.match((await line.reply())[0]!, /^220/)
        await line.say('EHLO client.example')
        const token = Buffer.from(`\0postmaster@example.org\0${password}`).toString('base64')
        assert.match(await line.say(`AUTH PLAIN ${token}`), /^235/)
        line.hangUp()
      }
    },
  )

  await t.test(
    'a log that is away is heard of as 451, not as a closed door; it goes on by itself',
    async () => {
      await log.stop()
      await eventually(
        async () => {
          const reply = await mail(ports.mx, '127.0.0.5')
          assert.match(reply, /^(4|250 2\.6\.0)/)
          return reply.startsWith('4') || undefined
        },
        { what: 'a temporary refusal' },
      )
      // Until the balancer has heard from both that they are not ready.
      await eventually(async () => (await ready(nodes)).every((status) => status === 503) || undefined, {
        what: 'both unready',
      })
      const replies = await Promise.all([1, 2, 3, 4].map(() => mail(ports.mx, '127.0.0.5')))
      for (const reply of replies) assert.match(reply, /^4/)
      await log.start()
      await eventually(
        async () => acceptedAs(await mail(ports.mx, '127.0.0.5').catch(() => '')) ?? undefined,
        { what: 'mail is taken again' },
      )
    },
  )

  await t.test('one that ends is missed by nobody', async () => {
    await eventually(async () => (await ready(nodes)).every((status) => status === 200) || undefined, {
      what: 'both ready',
    })
    assert.equal(await nodes[0]!.end(), 0)
    for (let round = 0; round < 4; round++) {
      const reply = await mail(ports.mx, '127.0.0.6')
      assert.ok(acceptedAs(reply), reply)
    }
    const left = (await sessions()).filter(({ peer }) => peer.address === '127.0.0.6')
    assert.deepEqual([...new Set(left.map(({ node }) => node))], ['node2.mx.example.org'])
  })

  await t.test('being asked whether it is ready leaves no session', async () => {
    const strangers = (await sessions()).filter(({ peer }) => !/^127\.0\.0\.[2-6]$/.test(peer.address))
    // That which found out that the balancer listens.
    assert.ok(strangers.length <= 1, JSON.stringify(strangers))
  })
})

const ready = (nodes: readonly ChildServer[]): Promise<number[]> =>
  Promise.all(nodes.map(async (node) => (await fetch(`http://127.0.0.1:${httpPort(node)}/readyz`)).status))
