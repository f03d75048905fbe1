/** What docker-compose.yml, deploy/haproxy.cfg and deploy/fsmtp.yaml say of the same things. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import ipaddr from 'ipaddr.js'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { readAddress } from '../../src/log/kurrent/address.ts'
import { house } from '../house/sources.ts'
import { requireProgram } from '../programs.ts'
import { withEnvironment } from '../s3/target.ts'
import { fsmtp, scratch } from '../server.ts'
import { balancerText, linesOf, sectionsOf } from './balancer-file.ts'
import { compose, isServer, mountsOf, networksOf, type Service } from './compose-file.ts'

const { services, networks } = compose()
const nodes = Object.entries(services).filter(([name, one]) => isServer(one) && name !== 'fsmtp')
const balancer = services.balancer!

/** A folder as a node has it at /etc/fsmtp. */
const mounted = (): string => {
  const folder = scratch('deploy')
  cpSync(join(house, 'deploy/fsmtp.yaml'), join(folder, 'fsmtp.yaml'))
  return folder
}
const configOf = (t: TestContext, service: Service): Config => {
  withEnvironment(t, service.environment ?? {})
  return loadConfig({ cwd: mounted() }).config
}
const seconds = (text = ''): number => Number(/^(\d+)s$/.exec(text)?.[1])

test('fsmtp config check finds no fault and has nothing to note, for every node', async (t) => {
  const made = scratch('made')
  const init = await fsmtp(made, ['init', 'example.org'])
  assert.equal(init.code, 0, init.stderr)
  for (const [name, service] of nodes) {
    withEnvironment(t, service.environment ?? {})
    const folder = mounted()
    mkdirSync(join(folder, 'keys'))
    for (const kind of ['tls', 'dkim'])
      cpSync(join(made, kind), join(folder, 'keys', kind), { recursive: true })
    writeFileSync(join(folder, 'keys/srs.key'), `${'k'.repeat(44)}\n`, { mode: 0o600 })
    const checked = await fsmtp(folder, ['config', 'check', '--data', 'data'])
    assert.deepEqual(checked, { code: 0, stdout: 'fsmtp.yaml: no faults\n', stderr: '' }, name)
  }
})

test('each node is told where its log is: a service it waits for, on a network it is on', (t) => {
  for (const [name, service] of nodes) {
    const { log, content, cluster } = configOf(t, service)
    const { endpoints, options } = readAddress(log)
    const store = new URL(new URL(content.replace(/^s3/, 'http')).searchParams.get('endpoint') ?? '').hostname
    for (const host of [...endpoints.map((endpoint) => endpoint.host), store]) {
      assert.ok(Object.hasOwn(service.depends_on ?? {}, host), `${name} does not wait for ${host}`)
      assert.ok(networksOf(service).inner !== undefined, name)
    }
    assert.match(cluster.node ?? '', /^node[12]\./)
    const trust = mountsOf(service).find(({ source }) => source === 'trust')?.target
    assert.equal(options.get('tlsCAFile')?.startsWith(`${trust}/`) ?? trust === undefined, true, name)
  }
})

test('the bucket that is made is the one the nodes use', (t) => {
  for (const [, service] of nodes) {
    const { content } = configOf(t, service)
    const url = new URL(content.replace(/^s3/, 'http'))
    assert.equal(services.bucket!.entrypoint!.at(-1), `${url.searchParams.get('endpoint')}/${url.hostname}`)
    assert.equal(service.environment?.AWS_ACCESS_KEY_ID, services.store!.environment?.AWS_ACCESS_KEY_ID)
  }
})

test('nodes believe the balancer and nobody else, and it always says who the client is', (t) => {
  const address = networksOf(balancer).front?.ipv4_address ?? ''
  const subnet = networks.front?.ipam?.config[0]?.subnet ?? ''
  assert.ok(ipaddr.parse(address).match(ipaddr.parseCIDR(subnet)), `${address} is not in ${subnet}`)
  for (const [, service] of nodes) {
    const { proxy } = configOf(t, service)
    assert.deepEqual(proxy, { trusted: [`${address}/32`], protocols: ['proxy'] })
  }
  const servers = linesOf(
    sectionsOf(balancerText()).find(({ kind }) => kind === 'defaults')!,
    'default-server',
  )
  assert.ok(servers.some((words) => words.includes('send-proxy-v2')))
})

test('the balancer listens where it is published, and leads to what listens there on every node', (t) => {
  const published = balancer.ports!.map((port) => port.split(':')[1])
  const { listeners } = configOf(t, nodes[0]![1])
  const http = listeners.find(({ service }) => service === 'http')
  const sections = sectionsOf(balancerText())
  const listens = sections.filter(({ kind }) => kind === 'listen')
  assert.deepEqual(
    listens.map(({ name }) => name),
    ['mx', 'submission', 'submissions'],
  )
  const defaults = sections.find(({ kind }) => kind === 'defaults')!
  const [check] = linesOf(defaults, 'default-server')
  assert.equal(Number(check?.[check.indexOf('port') + 1]), http?.port)
  for (const [at, section] of listens.entries()) {
    assert.equal(linesOf(section, 'bind')[0]?.[1], `:${published[at]}`)
    const { port } = listeners.find(({ service }) => service === section.name)!
    const targets = new Set(linesOf(section, 'server').map((words) => words[2]))
    assert.deepEqual([...targets], [`node1:${port}`, `node2:${port}`])
  }
})

test('the balancer finds the nodes of either profile under the same names', () => {
  for (const profile of balancer.profiles) {
    const names = nodes
      .filter(([, one]) => one.profiles.includes(profile))
      .flatMap(([name, one]) => networksOf(one).front?.aliases ?? [name])
    assert.deepEqual(names, ['node1', 'node2'], profile)
  }
})

test('nobody is killed before what he waits for himself has had its time', (t) => {
  for (const [name, service] of nodes) {
    const { limits } = configOf(t, service)
    assert.ok(seconds(service.stop_grace_period) > limits.shutdownGrace / 1000, name)
  }
  const global = sectionsOf(balancerText()).find(({ kind }) => kind === 'global')!
  const hard = linesOf(global, 'hard-stop-after')[0]?.[1]
  assert.ok(seconds(balancer.stop_grace_period) > seconds(hard))
})

test('the balancer waits longer than a node does', (t) => {
  const { limits } = configOf(t, nodes[0]![1])
  const defaults = sectionsOf(balancerText()).find(({ kind }) => kind === 'defaults')!
  const minutes = linesOf(defaults, 'timeout')
    .filter(([, side]) => side === 'client' || side === 'server')
    .map(([, , time]) => Number(/^(\d+)m$/.exec(time ?? '')?.[1]))
  assert.equal(minutes.length, 2)
  for (const each of minutes) assert.ok(each * 60_000 > Math.max(limits.commandTimeout, limits.dataTimeout))
})

test('haproxy takes its configuration', (t) => {
  const program = requireProgram(t, 'haproxy')
  if (program === null) return
  const { status, stderr } = spawnSync(program, ['-c', '-f', join(house, 'deploy/haproxy.cfg')], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  // Names of containers are unknown here; nothing else may be warned of.
  const warnings = stderr.split('\n').filter((line) => line.includes('[WARNING]'))
  assert.deepEqual(
    warnings.filter((line) => !line.includes('could not resolve')),
    [],
  )
})
