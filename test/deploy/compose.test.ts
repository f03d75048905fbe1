/** docker-compose.yml: valid, complete, and in agreement with what it mounts. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { house } from '../house/sources.ts'
import { requireProgram } from '../programs.ts'
import { compose, dotEnv, isJob, isServer, mountsOf, networksOf, type Service } from './compose-file.ts'

const { services, networks, volumes } = compose()
const all = Object.entries(services)
const named = (chosen: (service: Service) => boolean): string[] =>
  all.filter(([, service]) => chosen(service)).map(([name]) => name)
const profiles = ['nodes', 'cluster', 'single']

for (const profile of profiles)
  test(`docker-compose finds nothing wrong with it, with profile ${profile}`, (t) => {
    const program = requireProgram(t, 'docker-compose')
    if (program === null) return
    const said = execFileSync(program, ['--profile', profile, 'config', '--services'], {
      ...{ cwd: house, encoding: 'utf8', stdio: 'pipe' },
    })
    const wanted = named((service) => service.profiles.includes(profile))
    for (const name of wanted) assert.ok(said.split('\n').includes(name), `${name} is not in ${profile}`)
  })

test('without a word it starts the nodes; every service has its profile', () => {
  assert.equal(dotEnv().COMPOSE_PROFILES, 'nodes')
  for (const [name, service] of all) {
    assert.ok(service.profiles.length > 0, name)
    assert.deepEqual(
      service.profiles.filter((profile) => !profiles.includes(profile)),
      [],
      name,
    )
  }
  const of = (profile: string) =>
    named((service) => isServer(service) && service.profiles.includes(profile)).length
  assert.deepEqual(profiles.map(of), [2, 2, 1])
})

test('what a service waits for is there in each of its profiles; jobs are waited for to their end, others to their health', () => {
  for (const [name, { depends_on = {}, profiles }] of all)
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const target = services[other]
      assert.ok(target, `${name} waits for ${other}`)
      for (const profile of profiles)
        assert.ok(target.profiles.includes(profile), `${name}: ${other} is not in ${profile}`)
      assert.equal(condition, isJob(target) ? 'service_completed_successfully' : 'service_healthy')
    }
})

test('what stays running is watched, limited, started again, and given time to end', () => {
  for (const [name, service] of all.filter(([, one]) => !isJob(one))) {
    assert.equal(service.restart, 'unless-stopped', name)
    assert.ok((service.healthcheck?.test.length ?? 0) > 1, `${name} has no health check`)
    assert.match(service.stop_grace_period ?? '', /^\d+s$/, name)
  }
})

test('everything is limited, and has no more rights than it needs', () => {
  for (const [name, service] of all) {
    assert.match(service.mem_limit ?? '', /^\d+[mg]$/, name)
    assert.ok((service.cpus ?? 0) > 0 && (service.pids_limit ?? 0) > 0, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    assert.ok(service.logging?.options?.['max-size'], name)
    if (service.build !== undefined) assert.ok(service.read_only && service.init, name)
  }
})

test('every image is of a version that was chosen', () => {
  for (const [name, { image = '' }] of all) {
    assert.match(image, /^[\w./-]+:\d+\.\d+[\w.-]*$/, name)
    assert.doesNotMatch(image, /latest/, name)
  }
})

test('everything that is mounted is there: files of ours read-only, volumes by name', () => {
  const used = new Set<string>()
  for (const [name, service] of all)
    for (const { source, readOnly, isPath } of mountsOf(service)) {
      if (isPath) assert.ok(existsSync(join(house, source)), `${name} mounts ${source}`)
      if (isPath) assert.ok(readOnly, `${name} may write to ${source}`)
      if (!isPath) used.add(source)
      if (!isPath) assert.ok(Object.hasOwn(volumes, source), `${name} mounts ${source}`)
    }
  assert.deepEqual([...used].sort(), Object.keys(volumes).sort())
})

test('what a job runs is mounted there', () => {
  for (const [name, service] of all.filter(([, one]) => isJob(one))) {
    const script = service.entrypoint?.find((word) => word.startsWith('/deploy/'))
    const mount = mountsOf(service).find(({ target }) => target === script)
    assert.equal(mount?.source, `.${script}`, name)
  }
})

test('servers and commands find the configuration where they are', () => {
  for (const [name, service] of all.filter(([, one]) => isServer(one))) {
    const file = `${service.working_dir}/${service.command?.[2]}`
    const targets = mountsOf(service).map(({ target }) => target)
    assert.ok(targets.includes(file) || targets.includes(service.working_dir ?? ''), name)
    assert.equal(service.command?.[2], 'fsmtp.yaml')
  }
})

test('no two servers share a data folder or a name', () => {
  const servers = all.filter(([, one]) => isServer(one))
  const folders = servers.map(
    ([, one]) => mountsOf(one).find(({ target }) => target === '/var/lib/fsmtp')?.source,
  )
  assert.equal(new Set(folders).size, servers.length)
  for (const profile of ['nodes', 'cluster']) {
    const names = servers
      .filter(([, one]) => one.profiles.includes(profile))
      .map(([, one]) => one.environment?.FSMTP_NODE)
    assert.equal(new Set(names).size, 2, profile)
  }
})

test('keys can be written by the job that makes them, and by nobody else', () => {
  const writers = named((service) =>
    mountsOf(service).some(({ source, readOnly }) => source === 'keys' && !readOnly),
  )
  assert.deepEqual(writers.sort(), ['cluster-init', 'init'])
  const authority = named((service) => mountsOf(service).some(({ source }) => source === 'authority'))
  assert.deepEqual(authority, ['certificates'])
})

test('databases and stores are on the inner network alone, which nothing enters or leaves; only the address is published', () => {
  assert.equal(networks.inner?.internal, true)
  for (const [name, service] of all) {
    const attached = Object.keys(networksOf(service))
    for (const one of attached) assert.ok(Object.hasOwn(networks, one), name)
    if (/^(kurrentdb\d?|store|bucket|.*init)$/.test(name)) assert.deepEqual(attached, ['inner'], name)
  }
  assert.deepEqual(named(({ ports }) => ports !== undefined).sort(), ['balancer', 'fsmtp'])
})

test('each member of the cluster knows the two others, and has a certificate of its own', () => {
  const members = Object.entries(services).filter(([name]) => /^kurrentdb\d$/.test(name))
  const made = services.certificates!.entrypoint!.slice(2)
  assert.deepEqual(
    members.map(([name]) => name),
    made,
  )
  for (const [name, { environment = {} }] of members) {
    const others = made.filter((other) => other !== name).map((other) => `${other}:2113`)
    assert.equal(environment.KURRENTDB_GOSSIP_SEED, others.join(','))
    assert.equal(environment.KURRENTDB_NODE_HOST_ADVERTISE_AS, name)
    assert.equal(environment.KURRENTDB_REPLICATION_HOST_ADVERTISE_AS, name)
    assert.equal(environment.KURRENTDB_CERTIFICATE_FILE, `/certificates/${name}/node.crt`)
    assert.equal(environment.KURRENTDB_CERTIFICATE_PRIVATE_KEY_FILE, `/certificates/${name}/node.key`)
    assert.equal(environment.KURRENTDB_CLUSTER_SIZE, String(members.length))
  }
})
