#!/usr/bin/env node
/**
 * What several nodes need before the first of them starts: keys that all of them have, and the first account. Nothing that is
 * there is changed, so this may run before every start. Prints the password (once) and the DNS records to publish.
 *
 *     first-start.mjs CONFIGURATION        keys go to the folder `keys` beside it
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const program = (process.env.FSMTP_PROGRAM ?? 'fsmtp').split(' ')
const configuration = resolve(process.argv[2] ?? '/etc/fsmtp/fsmtp.yaml')
const keys = join(dirname(configuration), 'keys')
const scratch = mkdtempSync(join(tmpdir(), 'first-start-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

/** How long the log is waited for: a cluster that has just started chooses its leader first. Milliseconds. */
const patience = Number(process.env.FSMTP_PATIENCE ?? 120_000)

class Refused extends Error {}

const run = (...words) => {
  const [command, ...first] = program
  const { status, stdout, stderr, error } = spawnSync(command, [...first, ...words], { encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Refused(`fsmtp ${words.join(' ')}: ${(stderr || stdout).trim()}`)
  return stdout
}
/** With the nodes' configuration, and a data folder that is thrown away: what counts is in the log. */
const fsmtp = (...words) => run('--config', configuration, '--data', join(scratch, 'data'), ...words)
const objects = (text) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

const settings = () =>
  new Map(objects(fsmtp('config', 'show', '--json')).map(({ path, value }) => [path, value]))

/** There whole, or not there: whatever happens meanwhile. */
const put = (name, write) => {
  const place = join(keys, name)
  if (existsSync(place)) return
  rmSync(`${place}.new`, { recursive: true, force: true })
  write(`${place}.new`)
  renameSync(`${place}.new`, place)
}

const makeKeys = (domain, hostname) => {
  if (!['dkim', 'tls', 'srs.key'].every((name) => existsSync(join(keys, name)))) {
    const folder = mkdtempSync(join(scratch, 'made-'))
    run('init', domain, '--hostname', hostname, '--config', join(folder, 'fsmtp.yaml'), '--json')
    for (const name of ['dkim', 'tls'])
      put(name, (place) => cpSync(join(folder, name), place, { recursive: true }))
    put('srs.key', (place) =>
      writeFileSync(place, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 }),
    )
  }
}

/** The accounts there are, once the log answers. */
const accounts = async () => {
  const late = performance.now() + patience
  for (;;)
    try {
      return objects(fsmtp('user', 'list', '--json')).map(({ account }) => account)
    } catch (error) {
      if (!(error instanceof Refused) || performance.now() > late) throw error
      process.stderr.write(`the log does not answer yet: ${error.message}\n`)
      await pause(2_000)
    }
}

const main = async () => {
  const values = settings()
  const [domain, hostname] = [values.get('domains[0].name'), values.get('hostname')]
  if (domain === undefined) throw new Refused(`${configuration} names no domain; write one under \`domains\``)
  makeKeys(domain, hostname)
  process.stdout.write(fsmtp('config', 'check'))
  const account = `postmaster@${domain}`
  if (!(await accounts()).includes(account)) {
    const [{ password }] = objects(fsmtp('user', 'add', account, '--generate', '--json'))
    process.stdout.write(
      `\naccount ${account}, password ${password} (shown only now; it stays in the log of this container)\n`,
    )
  }
  process.stdout.write(`\n; records to publish\n${fsmtp('domain', 'dns', domain)}\n`)
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Refused ? error.message : error.stack}\n`)
  process.exitCode = 1
})
