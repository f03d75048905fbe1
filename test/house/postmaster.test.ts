/** `docs/postmaster.md` says what the code says: each reason with its number, sentence and rule; a policy that can be read. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { reasonOfRule, ruleReasons } from '../../machines/vocabulary/rule-reasons.ts'
import { rulesIn } from '../../src/cli/policy-text.ts'
import { loadConfig } from '../../src/config/load.ts'
import { rulesOf, usualPolicy } from '../../src/config/policy.ts'
import { rowsOf } from '../tables/table.ts'

const file = new URL('../../docs/postmaster.md', import.meta.url)
const text = readFileSync(file, 'utf8')
const rows = rowsOf(file, 'What each reason says, and what to do')
const bare = (cell: string): string => cell.replaceAll('`', '')

test('each reason has its row, with its number and sentence, and something that can be done', () => {
  assert.deepEqual(
    rows.map((row) => [bare(row.cell('code')), row.cell('number'), row.cell('says')]),
    Object.entries(ruleReasons).map(([code, { enhanced, us }]) => [code, enhanced, us]),
  )
  for (const row of rows) assert.ok(row.cell('what to do').length > 10, row.cell('code'))
})

test('the rules that stand in the table are those that give the reason', () => {
  for (const row of rows) {
    const code = bare(row.cell('code'))
    if (code === 'greylisted') continue
    for (const rule of row.cell('rule').split('`, `')) assert.equal(reasonOfRule(rule), code)
  }
})

const policyIn = (policy: string): ReturnType<typeof loadConfig> => {
  const folder = mkdtempSync(join(tmpdir(), 'fsmtp-postmaster-'))
  writeFileSync(join(folder, 'fsmtp.yaml'), 'hostname: mx.example.org\npolicy: ./policy.yaml\n')
  writeFileSync(join(folder, 'policy.yaml'), policy)
  return loadConfig({ cwd: folder })
}

test('the example of a policy is one, and more than what holds without', () => {
  const [, policy = ''] = /^```yaml\n# policy\.yaml\n(.*?)^```$/ms.exec(text) ?? []
  const { config } = policyIn(policy)
  const rules = rulesIn(rulesOf(config.policy!))
  assert.deepEqual(
    rules.map(({ rule, outcome }) => `${rule} ${outcome}`),
    [
      'allow.networks 127.0.0.0/8 allow',
      'allow.networks ::1/128 allow',
      'dnsbl zen.spamhaus.org refuse',
      'dnsbl dbl.spamhaus.org tag',
      ...['spf.fail tag', 'spf.permerror tag', 'helo.invalid refuse', 'helo.ours refuse'],
      ...['reverseName.missing greylist', 'reverseName.unconfirmed greylist'],
      ...['rates address 60/1m defer', 'karma defer'],
      ...['author.none tag', 'author.several refuse', 'author.ambiguous refuse', 'author.poses tag'],
      ...['dmarc.reject refuse', 'dmarc.quarantine tag'],
    ],
  )
})

test('every setting that is named in passing is one', () => {
  const settings = [...text.matchAll(/`((?:spf|dkim|dmarc|arc|score): \{[^`]*\})`/g)].map(([, one]) => one!)
  assert.ok(settings.length >= 3)
  for (const one of settings.filter((one) => !one.startsWith('dkim: [{'))) policyIn(`${one}\n`)
})

test('every list that is named in passing can be asked', () => {
  const lists = [...text.matchAll(/`(\{ zone: [^`]*\})`/g)].map(([, one]) => one!)
  assert.ok(lists.length > 0)
  for (const one of lists) policyIn(`dnsbl:\n  - ${one}\n`)
})

test('what holds without a policy is what is said of it', () => {
  assert.match(
    text,
    /Without a policy DMARC is honoured \(`reject: refuse`, `quarantine: tag`\) and nothing else/,
  )
  assert.deepEqual(
    rulesIn(rulesOf(usualPolicy)).filter(({ outcome }) => outcome !== 'allow'),
    [
      { rule: 'dmarc.reject', outcome: 'refuse' },
      { rule: 'dmarc.quarantine', outcome: 'tag' },
    ],
  )
})

const sourceOf = (name: string): string =>
  readFileSync(new URL(`../../src/cli/${name}.ts`, import.meta.url), 'utf8')

test('every command that is named is one, and takes these options', () => {
  const commands = sourceOf('main')
  const named = [...text.matchAll(/`fsmtp ([a-z]+)((?: [^`]*)?)`/g)]
  assert.ok(named.length > 10)
  for (const [, command, rest] of named) {
    assert.match(commands, new RegExp(`  ${command}: |toCome = \\['${command}'`))
    const options = [...rest!.matchAll(/--[a-z-]+/g)].map(([option]) => option)
    if (options.length === 0) continue
    const source = commands.includes(`toCome = ['${command}'`) ? '' : sourceOf(command!)
    for (const option of options)
      assert.ok(source === '' || source.includes(`'${option}`), `${command} ${option}`)
  }
})
