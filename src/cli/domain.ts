/** `fsmtp domain`: the domains whose mail is ours, and what they publish in DNS. */
import type { Command } from 'commander'
import { type DnsRecord, dnsRecords, furtherSteps, zoneLines } from '../authentication/dns-records.ts'
import { asciiDomain } from '../authentication/spelling.ts'
import type { Loaded } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { parseDomain } from '../config/values.ts'
import { openLookup } from '../delivery/routes/lookup.ts'
import { checkHost } from '../delivery/signing/host-records.ts'
import { type LoadedKey, loadKeys } from '../delivery/signing/keys.ts'
import { checkPublished, type Published } from '../delivery/signing/published.ts'
import { openResolver } from '../dns/index.ts'
import { enrolling, knownNow } from './enrolling.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'
import { ndjson, print, remark, table } from './terminal.ts'

type Options = GlobalOptions & { readonly catchAll?: string; readonly check?: boolean }

export const register = (program: Command): void => {
  const domain = program.command('domain').description('domains whose mail is ours')
  domain
    .command('add')
    .argument('<name>', 'the domain')
    .description('take mail for a domain')
    .option('--catch-all <address>', 'who gets what is addressed to nobody in particular')
    .addHelpText('after', '\nExample: fsmtp domain add example.net --catch-all postmaster@example.org')
    .action(async (name: string, _: unknown, command: Command) => add(name, command.optsWithGlobals()))
  domain
    .command('list')
    .description('all domains, and where each is written')
    .addHelpText('after', '\nExample: fsmtp domain list')
    .action(async (_: unknown, command: Command) => list(command.optsWithGlobals()))
  domain
    .command('dns')
    .argument('[name]', 'the domain; may be left out where there is only one')
    .description('the records the domain should publish')
    .option('--check', 'ask DNS whether they are published; exits with 1 unless all are right')
    .addHelpText(
      'after',
      '\nExamples:\n  fsmtp domain dns example.org >> example.org.zone\n  fsmtp domain dns --check',
    )
    .action(async (name: string | undefined, _: unknown, command: Command) =>
      dns(name, command.optsWithGlobals()),
    )
  domain
    .command('remove')
    .argument('<name>', 'the domain')
    .description('take no more mail for a domain that `domain add` added')
    .addHelpText('after', '\nExample: fsmtp domain remove example.net')
    .action(async (name: string, _: unknown, command: Command) => remove(name, command.optsWithGlobals()))
}

const add = async (name: string, options: Options): Promise<void> => {
  const catchAll = options.catchAll ?? null
  await enrolling(options, (enrolment) => enrolment.addDomain({ name, catchAll }))
  if (options.json) ndjson({ domain: parseDomain(name), catchAll })
  else print(`added ${name}; next: fsmtp domain dns ${name}, fsmtp user add ADDRESS@${name}`)
  const { loaded } = await knownNow(options)
  tellUnsigned(loaded, [name])
}

const list = async (options: Options): Promise<void> => {
  const { directory, loaded } = await knownNow(options)
  const domains = directory.domains()
  const { config } = loaded
  const origins = { file: loaded.file ?? 'file', log: 'fsmtp domain add' }
  if (options.json)
    for (const { name, catchAll, aliases, origin } of domains)
      ndjson({ domain: name, catchAll, aliases, dkim: selectorsOf(config, name), origin })
  else if (domains.length === 0) remark('no domains; add one: fsmtp domain add NAME')
  else
    table(domains, [
      { title: 'DOMAIN', value: ({ name }) => name },
      { title: 'CATCH-ALL', value: ({ catchAll }) => catchAll },
      { title: 'ALIASES', value: ({ aliases }) => (aliases === 0 ? null : aliases), align: 'right' },
      // Whose cell is empty has mail that leaves unsigned.
      { title: 'DKIM', value: ({ name }) => selectorsOf(config, name).join(', ') || null },
      { title: 'WRITTEN IN', value: ({ origin }) => origins[origin] },
    ])
  tellUnsigned(
    loaded,
    domains.map(({ name }) => name),
  )
}

const selectorsOf = ({ domains }: Config, domain: string): readonly string[] =>
  domains
    .filter(({ name }) => asciiDomain(name) === asciiDomain(domain))
    .flatMap(({ dkim }) => dkim.map(({ selector }) => selector))

/** Says of which of these domains mail leaves without a signature; nothing where nothing leaves. */
const tellUnsigned = ({ config, playground }: Loaded, names: readonly string[]): void => {
  if (playground || config.delivery.route === 'capture') return
  const keyless = names.filter((name) => selectorsOf(config, name).length === 0)
  if (keyless.length > 0)
    remark(
      `no DKIM key, so mail leaves unsigned: ${keyless.join(', ')}; write the domain in the configuration, with dkim: [{ selector: NAME, key: FILE }]`,
    )
}

/** The keys of one domain: those of others may be wrong. @throws ConfigFault as a server does when it starts */
const keysOf = async (config: Config, domain: string): Promise<readonly LoadedKey[]> => {
  const name = asciiDomain(domain)
  const domains = config.domains.map((one) => (asciiDomain(one.name) === name ? one : { ...one, dkim: [] }))
  return (await loadKeys({ ...config, domains })).byDomain.get(name) ?? []
}

type Named = { readonly name: string }

/** The one that was named, or the only one there is. @throws CommandFault */
const domainOf = <Known extends Named>(domains: readonly Known[], given: string | undefined): Known => {
  const [only, ...others] = domains
  if (given === undefined && only !== undefined && others.length === 0) return only
  if (only === undefined) throw new CommandFault('there is no domain; add one: fsmtp domain add NAME')
  if (given === undefined)
    throw new CommandFault(`say which domain: ${domains.map(({ name }) => name).join(', ')}`, 2)
  const known = domains.find(({ name }) => asciiDomain(name) === asciiDomain(given))
  if (!known) throw new CommandFault(`${given} is not a domain of this server; see \`fsmtp domain list\``)
  return known
}

const dns = async (given: string | undefined, options: Options): Promise<void> => {
  const { directory, loaded } = await knownNow(options)
  const known = domainOf(directory.domains(), given)
  const { hostname } = loaded.config
  // A key that could sign nothing is no key to publish, or to ask about.
  const dkim = await keysOf(loaded.config, known.name)
  const records = dnsRecords({ domain: known.name, hostname, dkim })
  tellUnsigned(loaded, [known.name])
  if (options.check) await check(records, { config: loaded.config, json: options.json === true })
  else if (options.json) for (const record of records) ndjson(record)
  else print([...zoneLines(records), ...furtherSteps({ domain: known.name, hostname })].join('\n'))
}

const tones = { ok: 'good', missing: 'bad', different: 'bad', unknown: 'weak' } as const

const check = async (
  records: readonly DnsRecord[],
  { config, json }: { readonly config: Config; readonly json: boolean },
): Promise<void> => {
  const lookup = openLookup(
    { resolver: openResolver(config.dns), dns: config.dns },
    new AbortController().signal,
  )
  const checked = (
    await Promise.all([checkPublished(records, lookup), checkHost(asciiDomain(config.hostname), lookup)])
  ).flat()
  if (checked.some(({ state }) => state !== 'ok')) process.exitCode = 1
  if (json) for (const { record, state, found } of checked) ndjson({ ...record, state, found })
  else showChecked(checked)
}

const showChecked = (checked: readonly Published[]): void => {
  const wrong = checked.filter(({ state }) => state !== 'ok')
  table(checked, [
    { title: 'STATE', value: ({ state }) => state, tone: ({ state }) => tones[state] },
    { title: 'TYPE', value: ({ record }) => record.type },
    { title: 'NAME', value: ({ record }) => record.name || 'of the address, which is not known' },
    { title: 'FOUND', value: ({ found }) => found.map(shortened).join(' | '), shrinks: true },
  ])
  const zone = (states: readonly Published['state'][]): readonly DnsRecord[] =>
    wrong.flatMap(({ record, state }) => (states.includes(state) && isZoneRecord(record) ? [record] : []))
  printZone('; to be published:', zone(['missing', 'different']))
  printZone('; DNS did not answer; to be published, unless they are:', zone(['unknown']))
  const others = wrong.filter(({ record, state }) => !isZoneRecord(record) && state !== 'unknown')
  if (others.length > 0) print(['', ...others.map(({ record }) => hostText(record))].join('\n'))
}

const printZone = (title: string, records: readonly DnsRecord[]): void => {
  if (records.length > 0) print(['', title, ...zoneLines(records)].join('\n'))
}

/** Keys are long, and nobody compares them by eye: `--json` has all of it. */
const longestShown = 48
const shortened = (found: string): string =>
  found.length <= longestShown ? found : `${found.slice(0, longestShown - 1)}…`

const isZoneRecord = (record: Published['record']): record is DnsRecord =>
  record.type === 'MX' || record.type === 'TXT'

/** What no zone line can say: the address is not known here, and a reverse record belongs to whoever gave it out. */
const hostText = ({ type, name, value, about }: Published['record']): string =>
  type === 'PTR'
    ? `; ${about} is to be ${value} (PTR${name === '' ? '' : ` at ${name}`}), set by whoever gave you the address`
    : `; ${name} needs an A or AAAA record with this server’s public address`

const remove = async (name: string, options: Options): Promise<void> => {
  await enrolling(options, (enrolment) => enrolment.removeDomain(name))
  if (options.json) ndjson({ domain: parseDomain(name) })
  else print(`removed ${name}; mail for it is refused from now on, its history stays`)
}
