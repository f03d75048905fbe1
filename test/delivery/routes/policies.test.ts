import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Route } from '../../../machines/vocabulary/events.ts'
import { NoRoute } from '../../../src/delivery/port.ts'
import { createRoutes, StsStore } from '../../../src/delivery/routes/index.ts'
import type { Zone } from '../../dns/server.ts'
import { type Row, rowsOf } from '../../tables/table.ts'
import { certificateBy, makeAuthority, ourAuthority } from '../certificates.ts'
import { type Given, type Place, placeWith } from './place.ts'
import { type PolicyHost, policyText, startPolicyHost } from './policy-host.ts'

const table = new URL('policies.md', import.meta.url)
const signal = (): AbortSignal => new AbortController().signal
const words = (cell: string): readonly string[] => cell.split(' ').filter((word) => word !== '')

/** `a.test` with these hosts; one called gone.test has no address. */
const zoneOf = (hosts: readonly string[], TXT: readonly string[] = ['v=STSv1; id=1']): Zone => ({
  ...Object.fromEntries(
    hosts.filter((name) => name !== 'gone.test').map((name, at) => [name, { A: [`203.0.113.${at + 1}`] }]),
  ),
  'a.test': { A: ['203.0.113.9'], MX: hosts.map((name, at) => [at, name]) },
  '_mta-sts.a.test': { TXT },
  'mta-sts.a.test': { A: ['127.0.0.1'] },
})

const placeBy = (context: TestContext, host: PolicyHost, given: Given): Promise<Place> => {
  const policyHosts = { port: host.port, ca: host.ca, timeout: 5_000 }
  return placeWith(context, { delivery: 'allowPrivate: true', policyHosts, ...given })
}

const wayOf = ({ kind, protocol, tls, hosts }: Route): string =>
  `${kind} ${protocol} ${tls}: ${hosts.map(({ name }) => name).join(', ')}`

/** `enforce 1, not mx.test`, and what went wrong. */
const policyOf = ({ policy }: Route): string => {
  if (policy === undefined) return ''
  const { id, mode, unmatched, fault } = policy
  return `${mode} ${id}${unmatched ? `, not ${unmatched.join(' ')}` : ''}${fault ? `: ${fault}` : ''}`
}

const resolved = async ({ routes }: Place): Promise<{ way: string; tls: string; policy: string }> => {
  try {
    const route = await routes.resolve('a.test', signal())
    return { way: wayOf(route), tls: route.tls, policy: policyOf(route) }
  } catch (error) {
    if (!(error instanceof NoRoute)) throw error
    const { kind, temporary, text } = error.fault
    return { way: `${kind} ${temporary ? 'for now' : 'for good'}: ${text}`, tls: '', policy: '' }
  }
}

const rows = (section: string, check: (row: Row, context: TestContext) => Promise<void>): void => {
  for (const row of rowsOf(table, section))
    test(`policies.md:${row.line} ${section}`, (context) => check(row, context))
}

rows('Hosts', async ({ cell }, context) => {
  const host = await startPolicyHost(context, { body: policyText(cell('mode'), words(cell('mx'))) })
  const { way, policy } = await resolved(await placeBy(context, host, { zone: zoneOf(words(cell('hosts'))) }))
  assert.deepEqual([way, policy], [cell('way'), cell('policy')])
  assert.deepEqual(host.asked, ['mta-sts.a.test /.well-known/mta-sts.txt'])
})

rows('Records', async ({ cell }, context) => {
  const host = await startPolicyHost(context, { body: policyText('enforce', ['mx.a.test']) })
  const published = cell('TXT')
  const zone = zoneOf(['mx.a.test'], published.split('\n'))
  if (published === '') delete zone['_mta-sts.a.test']
  if (published === 'SERVFAIL') zone['_mta-sts.a.test'] = { fails: 'SERVFAIL' }
  const { tls, policy } = await resolved(await placeBy(context, host, { zone }))
  assert.deepEqual([tls, policy], [cell('way'), cell('policy')])
  assert.equal(host.asked.length, cell('way') === 'required' ? 1 : 0)
})

/** `told` begins with the same words, or is the same where there is no fault in it. */
const isTold = (told: string, expected: string): void => {
  const [head, fault] = expected.split(/: (.*)/s)
  if (fault === undefined) assert.equal(told, expected)
  else assert.ok(told.startsWith(`${head}: `) && told.includes(fault), `${told}\nnot: ${expected}`)
}

rows('Answers', async ({ cell }, context) => {
  const answer = {
    status: Number(cell('status')),
    headers: { 'content-type': cell('type'), location: '/elsewhere' },
    body: cell('body'),
  }
  const host = await startPolicyHost(context, answer)
  const { tls, policy } = await resolved(await placeBy(context, host, { zone: zoneOf(['mx.a.test']) }))
  isTold(policy, cell('policy'))
  assert.equal(tls, policy.startsWith('enforce') ? 'required' : 'opportunistic')
  assert.equal(host.asked.length, 1)
})

rows('Certificates', async ({ cell }, context) => {
  const authority = cell('by') === 'strangers' ? await makeAuthority() : await ourAuthority()
  const certificate = await certificateBy({
    ...{ authority, names: words(cell('names')) },
    ...(cell('common name') !== '' && { commonName: cell('common name') }),
    ...(cell('by').endsWith('long ago') && { until: new Date('2001-01-01') }),
  })
  const body = policyText('enforce', ['mx.a.test'])
  const host = await startPolicyHost(context, { body }, certificate)
  const { tls, policy } = await resolved(await placeBy(context, host, { zone: zoneOf(['mx.a.test']) }))
  isTold(policy, cell('policy'))
  assert.equal(tls, policy.startsWith('enforce') ? 'required' : 'opportunistic')
})

test('a policy host that says nothing is given up', async (context) => {
  const host = await startPolicyHost(context, { silent: true })
  const policyHosts = { port: host.port, ca: host.ca, timeout: 300 }
  const place = await placeBy(context, host, { zone: zoneOf(['mx.a.test']), policyHosts })
  const { tls, policy } = await resolved(place)
  assert.equal(tls, 'opportunistic')
  assert.equal(policy, 'none : https://mta-sts.a.test/.well-known/mta-sts.txt: no answer within 0.3 s')
})

test('a policy host with a private address is not asked unless the configuration says so', async (context) => {
  const host = await startPolicyHost(context, { body: policyText('enforce', ['mx.a.test']) })
  const place = await placeBy(context, host, { zone: zoneOf(['mx.a.test']), delivery: '' })
  assert.equal((await resolved(place)).policy, 'none : mta-sts.a.test has no address that can be asked')
  assert.deepEqual(host.asked, [])
})

test('a policy host without an address', async (context) => {
  const host = await startPolicyHost(context)
  const zone = zoneOf(['mx.a.test'])
  delete zone['mta-sts.a.test']
  const { tls, policy } = await resolved(await placeBy(context, host, { zone }))
  assert.deepEqual([tls, policy], ['opportunistic', 'none : mta-sts.a.test has no address that can be asked'])
})

test('mtaSts: false asks nobody', async (context) => {
  const host = await startPolicyHost(context, { body: policyText('enforce', ['other.test']) })
  const delivery = 'allowPrivate: true, mtaSts: false'
  const place = await placeBy(context, host, { zone: zoneOf(['mx.a.test']), delivery })
  assert.deepEqual(await resolved(place), {
    ...{ way: 'mx smtp opportunistic: mx.a.test', tls: 'opportunistic', policy: '' },
  })
  assert.deepEqual(
    place.asked.filter((question) => question.includes('TXT')),
    [],
  )
})

test('the configuration is believed: no policy is asked for behind a route or an address literal', async (context) => {
  const host = await startPolicyHost(context)
  const place = await placeBy(context, host, {
    zone: zoneOf(['mx.a.test']),
    delivery: 'routes: { a.test: "127.0.0.1:2626" }',
  })
  await place.routes.resolve('a.test', signal())
  await place.routes.resolve('[203.0.113.1]', signal())
  assert.deepEqual([place.asked, host.asked], [[], []])
})

test('an internationalised domain is asked for under its A-labels', async (context) => {
  const host = await startPolicyHost(
    context,
    { body: policyText('enforce', ['mx.a.test']) },
    await certificateBy({ authority: await ourAuthority(), names: ['mta-sts.xn--bcher-kva.test'] }),
  )
  const zone = zoneOf(['mx.a.test'])
  for (const name of ['', '_mta-sts.', 'mta-sts.']) zone[`${name}xn--bcher-kva.test`] = zone[`${name}a.test`]!
  const { routes } = await placeBy(context, host, { zone })
  assert.equal((await routes.resolve('bücher.test', signal())).tls, 'required')
})

test('a policy stays in force when the configuration is read again and its host is gone', async (context) => {
  const host = await startPolicyHost(context, { body: policyText('enforce', ['mx.a.test']) })
  const zone = zoneOf(['mx.a.test'])
  const policies = new StsStore()
  const { routes, config } = await placeBy(context, host, { zone, policies })
  await routes.resolve('a.test', signal())
  zone['_mta-sts.a.test'] = { fails: 'SERVFAIL' }
  const again = await createRoutes(config, { policies }).resolve('a.test', signal())
  assert.deepEqual(
    [again.tls, policyOf(again)],
    ['required', 'enforce 1: TXT of _mta-sts.a.test: the name server failed (SERVFAIL)'],
  )
  assert.equal(host.asked.length, 1)
})
