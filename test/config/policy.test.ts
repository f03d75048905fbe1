/** The policy: in the configuration or in a file of its own, checked before anything is done with it. */
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lenient } from '../../machines/session/rules/rules.ts'
import { ConfigFault } from '../../src/config/fault.ts'
import { type Loaded, loadConfig } from '../../src/config/load.ts'
import { rulesOf, usualPolicy } from '../../src/config/policy.ts'
import { sessionPolicy } from '../../src/config/session-policy.ts'

const folder = (files: Readonly<Record<string, string>>): string => {
  const made = mkdtempSync(join(tmpdir(), 'fsmtp-policy-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text)
  return made
}
const load = (files: Readonly<Record<string, string>>): Loaded => loadConfig({ cwd: folder(files) })
const faults = (files: Readonly<Record<string, string>>): string => {
  try {
    load(files)
  } catch (error) {
    if (error instanceof ConfigFault) return error.message
    throw error
  }
  return 'no fault'
}
const host = 'hostname: mx.example.org\n'

test('a policy in a file of its own is the same as one in the configuration', () => {
  const rules = 'spf: { fail: refuse }\nrates: [ { of: address, messages: 100, per: 1m, on: defer } ]\n'
  const aside = load({ 'fsmtp.yaml': `${host}policy: ./policy.yaml\n`, 'policy.yaml': rules })
  const inline = load({ 'fsmtp.yaml': `${host}policy:\n${rules.replace(/^/gm, '  ')}` })
  assert.deepEqual(aside.config.policy, inline.config.policy)
  const { rules: of } = sessionPolicy(aside.config, 'mx')
  assert.equal(of?.spf.fail, 'refuse')
  assert.deepEqual(of?.rates, [{ of: 'address', messages: 100, per: 60_000, on: 'defer' }])
  assert.match(aside.policyFile ?? '', /policy\.yaml$/)
  assert.equal(inline.policyFile, null)
  assert.equal(aside.origin('policy.spf.fail'), 'file')
  assert.equal(aside.origin('policy.spf.none'), 'default')
})

test('faults carry the name and the line of the file they are in', () => {
  const files = {
    'fsmtp.yaml': `${host}policy: rules.yaml\nhostnam: x\n`,
    'rules.yaml': 'spf:\n  fial: tag\n',
  }
  assert.equal(
    faults(files),
    'rules.yaml:2:3: spf.fial: unknown key; did you mean fail?\nfsmtp.yaml:3:1: hostnam: unknown key; did you mean hostname?',
  )
})

for (const [text, said] of [
  ['dnsbl: [ { on: refuse } ]', /dnsbl\[0\]\.zone/],
  ['dnsbl: [ { zone: a.example, on: maybe } ]', /dnsbl\[0\]\.on/],
  ['dnsbl: [ { zone: a.example, meanings: { "127.0.0.2": "" } } ]', /meanings/],
  ['rates: [ { of: address, messages: 0, per: 1m, on: defer } ]', /messages/],
  ['rates: [ { of: address, messages: 1, per: 0s, on: defer } ]', /longer than 0/],
  ['rates: [ { of: planet, messages: 1, per: 1s, on: defer } ]', /rates\[0\]\.of/],
  ['rates: [ { of: account, messages: 1, per: 1s, on: defer } ]', /limits\.sending/],
  ['block: { networks: [10.1] }', /no network/],
  ['spf: { pass: refuse }', /unknown key/],
  ['spf: [', /policy\.yaml:/],
] as const)
  test(`${text} is a fault`, () => {
    assert.match(faults({ 'fsmtp.yaml': `${host}policy: policy.yaml\n`, 'policy.yaml': text }), said)
  })

test('a file that is not there is a fault of the line that names it', () => {
  assert.equal(
    faults({ 'fsmtp.yaml': `${host}policy: policy.yaml\n` }),
    'fsmtp.yaml:2:1: policy: policy.yaml: there is no such file',
  )
})

test('without a policy DMARC is honoured and nothing else leads to anything', () => {
  const { rules } = sessionPolicy(load({ 'fsmtp.yaml': host }).config, 'mx')
  assert.deepEqual(rules, {
    ...lenient,
    dmarc: { ...lenient.dmarc, reject: 'refuse', quarantine: 'tag' },
    // Programs of this machine are no strangers.
    allow: { ...lenient.allow, networks: ['127.0.0.0/8', '::1/128'] },
  })
})

test('accounts are no strangers, and a playground examines nobody unless it is asked to', () => {
  const usual = load({ 'fsmtp.yaml': host }).config
  assert.equal(sessionPolicy(usual, 'submission').rules, undefined)
  const playground = load({ 'fsmtp.yaml': 'playground: true\n' }).config
  assert.equal(sessionPolicy(playground, 'mx').rules, undefined)
  const examining = load({ 'fsmtp.yaml': 'playground: true\npolicy: { spf: { fail: refuse } }\n' }).config
  assert.equal(sessionPolicy(examining, 'mx').rules?.spf.fail, 'refuse')
})

test('keys of lists are seen from the folder of the policy, and do not get into the rules', () => {
  const zone = 'dnsbl: [ { zone: zen.dq.spamhaus.net, keyFile: dqs.key, on: refuse } ]'
  const { config, policyFile } = load({ 'fsmtp.yaml': `${host}policy: policy.yaml\n`, 'policy.yaml': zone })
  assert.equal(config.policy?.dnsbl[0]?.keyFile, join(policyFile ?? '', '..', 'dqs.key'))
  assert.doesNotMatch(JSON.stringify(rulesOf(config.policy ?? usualPolicy)), /dqs|keyFile/)
})
