/** `fsmtp init`: everything a domain needs to begin, written once, overwriting nothing. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { Directory } from '../authentication/directory.ts'
import { type DkimKey, makeDkimKeys } from '../authentication/dkim-keys.ts'
import { dnsRecords, furtherSteps, zoneLines } from '../authentication/dns-records.ts'
import { Enrolment } from '../authentication/enrolment.ts'
import { generatePassword, judgePassword } from '../authentication/passwords.ts'
import { defaultFile, parseConfig } from '../config/load.ts'
import { makeCertificate } from '../config/own-certificate.ts'
import { configSample } from '../config/sample.ts'
import type { Config } from '../config/schema.ts'
import { parseDomain } from '../config/values.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'
import { askNewPassword } from './password.ts'
import { ndjson, print } from './terminal.ts'
import { openForWriting } from './write.ts'

type Options = GlobalOptions & {
  readonly hostname?: string
  readonly ports: string
  readonly passwordStdin?: boolean
}

const portSets: Readonly<Record<string, { mx: number; submission: number; submissions: number }>> = {
  standard: { mx: 25, submission: 587, submissions: 465 },
  high: { mx: 2525, submission: 2587, submissions: 2465 },
}

export const register = (program: Command): void => {
  program
    .command('init')
    .argument('<domain>', 'the domain to take mail for')
    .description('write a configuration, keys, a certificate and the first account for a domain')
    .option('--hostname <name>', 'what the server calls itself (default: mx.DOMAIN)')
    .option(
      '--ports <set>',
      'standard: 25, 587, 465; high: 2525, 2587, 2465, which need no privilege',
      'standard',
    )
    .option('--password-stdin', 'read the password of postmaster from standard input instead of making one')
    .addHelpText('after', '\nExample: fsmtp init example.org --hostname mail.example.org')
    .action(async (domain: string, _: unknown, command: Command) => init(domain, command.optsWithGlobals()))
}

/** What will be written, and where. Paths absolute. */
type Plan = {
  readonly domain: string
  readonly hostname: string
  readonly ports: { readonly mx: number; readonly submission: number; readonly submissions: number }
  readonly file: string
  readonly folder: string
  readonly data: string
  readonly account: string
}

const nameOr = (given: string, what: string): string => {
  const name = parseDomain(given)
  if (name === null) throw new CommandFault(`'${given}' is no ${what}; write it like example.org`, 2)
  return name
}

const planned = (given: string, options: Options): Plan => {
  const domain = nameOr(given, 'domain name')
  const ports = Object.hasOwn(portSets, options.ports) ? portSets[options.ports] : undefined
  if (!ports) throw new CommandFault(`--ports is standard or high, not '${options.ports}'`, 2)
  const file = resolve(options.config ?? defaultFile)
  const folder = dirname(file)
  const data = options.data === undefined ? join(folder, 'data') : resolve(options.data)
  const hostname = nameOr(options.hostname ?? `mx.${domain}`, 'host name')
  return { domain, hostname, ports, file, folder, data, account: `postmaster@${domain}` }
}

const isTaken = (path: string): boolean =>
  existsSync(path) && (!statSync(path).isDirectory() || readdirSync(path).length > 0)

const refuseWhatExists = ({ file, folder, data }: Plan): void => {
  if (!existsSync(folder)) throw new CommandFault(`${folder} does not exist; make it first`)
  const taken = [file, join(folder, 'dkim'), join(folder, 'tls'), data].find(isTaken)
  if (taken === undefined) return
  throw new CommandFault(
    `${relative('.', taken) || taken} exists already; nothing was changed. Choose another folder, or another place for the data with --data DIR`,
  )
}

const seenFrom = (folder: string, path: string): string => {
  const short = relative(folder, path)
  return short.startsWith('..') ? path : `./${short}`
}

const configText = (
  { domain, hostname, ports, folder, data, account }: Plan,
  keys: readonly DkimKey[],
): string =>
  configSample({
    hostname,
    data: seenFrom(folder, data),
    listeners: Object.entries(ports).map(([service, port]) => ({ service, address: '0.0.0.0', port })),
    http: { administrators: [account] },
    tls: { certificate: 'tls/cert.pem', key: 'tls/key.pem' },
    domains: [
      { name: domain, dkim: keys.map(({ selector }) => ({ selector, key: `dkim/${selector}.pem` })) },
    ],
  })

const privateFile = { mode: 0o600, flag: 'wx' } as const

const writeKeys = async ({ folder, hostname }: Plan, keys: readonly DkimKey[]): Promise<void> => {
  for (const name of ['dkim', 'tls']) await mkdir(join(folder, name), { mode: 0o700, recursive: true })
  for (const { selector, pem } of keys)
    await writeFile(join(folder, 'dkim', `${selector}.pem`), pem, privateFile)
  const { cert, key } = await makeCertificate({ hostname, now: new Date() })
  await writeFile(join(folder, 'tls', 'key.pem'), key, privateFile)
  await writeFile(join(folder, 'tls', 'cert.pem'), cert, { flag: 'wx' })
}

const addAccount = async (config: Config, account: string, password: string): Promise<void> => {
  const log = await openForWriting(config)
  try {
    const enrolment = new Enrolment({ directory: new Directory(config), log })
    const added = await enrolment.addAccount({ addresses: [account], password })
    if (!added.ok) throw new CommandFault(added.reason)
  } finally {
    await log.close()
  }
}

/** The configuration file comes last: where it stands, everything it names is there. */
const writeAll = async (plan: Plan, keys: readonly DkimKey[], password: string): Promise<Config> => {
  const { file, folder } = plan
  const text = configText(plan, keys)
  const { config } = parseConfig(text, { shown: basename(file), file, folder, data: null })
  await writeKeys(plan, keys)
  await addAccount(config, plan.account, password)
  await writeFile(file, text, { flag: 'wx' })
  return config
}

/** Takes back what a failed `init` wrote; none of it was there before. */
const takeBack = async ({ file, folder, data }: Plan): Promise<void> => {
  for (const path of [join(folder, 'dkim'), join(folder, 'tls'), data, file])
    await rm(path, { recursive: true, force: true })
}

const giveUp = async (plan: Plan, error: unknown): Promise<never> => {
  // Somebody else was at work in this folder since we looked: nothing here is surely ours.
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
    throw new CommandFault(`${error.message}; something else writes to ${plan.folder}, look there`)
  await takeBack(plan)
  throw error
}

const passwordFor = async ({ account }: Plan, options: Options): Promise<string> => {
  if (!options.passwordStdin) return generatePassword()
  const password = await askNewPassword(account)
  const judged = judgePassword(password, { account })
  if (!judged.ok) throw new CommandFault(`${judged.reason}; nothing was changed`)
  return password
}

const init = async (domain: string, options: Options): Promise<void> => {
  const plan = planned(domain, options)
  refuseWhatExists(plan)
  const password = await passwordFor(plan, options)
  const keys = await makeDkimKeys()
  const config = await writeAll(plan, keys, password).catch((error: unknown) => giveUp(plan, error))
  const records = dnsRecords({ domain: plan.domain, hostname: plan.hostname, dkim: keys })
  const told = options.passwordStdin ? {} : { password }
  if (options.json)
    return ndjson({ config: plan.file, data: config.data, account: plan.account, ...told, records })
  const here = relative('.', plan.file) || plan.file
  const lines = [
    `wrote ${here}, and beside it dkim/ (signing keys), tls/ (a self-signed certificate to begin with) and the data folder`,
    `account ${plan.account}${options.passwordStdin ? '' : `, password ${password} (shown only now)`}`,
    '',
    '; records to publish; `fsmtp domain dns` prints them again',
    ...zoneLines(records),
    ...furtherSteps(plan),
    '',
    `next: fsmtp serve --config ${here}`,
  ]
  print(lines.join('\n'))
}
