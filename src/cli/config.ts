/** `fsmtp config`: what is wrong with the configuration, what holds, and how a file looks. */
import type { Command } from 'commander'
import { strandedTargets } from '../authentication/aliases.ts'
import { listKeyFaults } from '../authentication/client/list-keys.ts'
import { loadCertificates } from '../config/certificates.ts'
import { ConfigFault, type Fault, faultText } from '../config/fault.ts'
import { faultAt, type Loaded, loadConfig } from '../config/load.ts'
import { remarks } from '../config/remarks.ts'
import { configSample } from '../config/sample.ts'
import { shownConfig, valueText } from '../config/show.ts'
import { loadKeys } from '../delivery/signing/keys.ts'
import { loadReturnPathKeys } from '../forwarding/key.ts'
import { LogUnavailable } from '../log/port.ts'
import { loadCollector } from '../telemetry/headers.ts'
import { bareSecrets, loadHooks } from '../webhooks/secrets.ts'
import { knownNow } from './enrolling.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'
import { ndjson, print, table } from './terminal.ts'

export const register = (program: Command): void => {
  const config = program.command('config').description('the configuration: check it, show it, print a sample')
  config
    .command('check')
    .description(
      'every fault of the configuration with its line, and what has no effect; exit 1 if there is a fault',
    )
    .addHelpText('after', '\nExample: fsmtp config check --config /etc/fsmtp.yaml')
    .action(async (_: unknown, command: Command) => check(command.optsWithGlobals()))
  config
    .command('show')
    .description('the values that hold, and where each comes from; passwords are hidden')
    .addHelpText('after', '\nExample: fsmtp config show | grep limits')
    .action((_: unknown, command: Command) => show(command.optsWithGlobals()))
  config
    .command('sample')
    .description('a commented configuration')
    .addHelpText('after', '\nExample: fsmtp config sample > fsmtp.yaml')
    .action(() => {
      process.stdout.write(configSample())
    })
}

type Finding = Pick<Fault, 'path' | 'message'>

const load = (options: GlobalOptions): Loaded => loadConfig({ file: options.config, data: options.data })

const shownFile = ({ file }: Loaded, options: GlobalOptions): string | null =>
  file === null ? null : (options.config ?? 'fsmtp.yaml')

type Of<Warning = string> = { readonly faults: readonly Fault[]; readonly warnings: readonly Warning[] }

const ofFiles = async <Warning = string>(
  work: Promise<{ readonly warnings: readonly Warning[] }>,
): Promise<Of<Warning>> => {
  try {
    return { faults: [], warnings: (await work).warnings }
  } catch (error) {
    if (error instanceof ConfigFault) return { faults: error.faults, warnings: [] }
    throw error
  }
}

/** A playground forwards nothing. */
const ofReturnPathKey = async ({ config, playground }: Loaded): Promise<readonly Finding[]> => {
  if (config.returnPathKey === undefined || playground) return []
  try {
    await loadReturnPathKeys(config.data, config.returnPathKey)
    return []
  } catch (error) {
    if (error instanceof CommandFault) return [{ path: ['returnPathKey'], message: error.message }]
    throw error
  }
}

type FileFaults = {
  readonly certificates: Of
  readonly keys: Of
  readonly hooks: Of<Finding>
  readonly telemetry: Of
  readonly returnPathKey: readonly Finding[]
}

/** What is wrong with the files that the configuration names, as a server says it when it starts. */
const fileFaults = async (loaded: Loaded): Promise<FileFaults> => ({
  certificates: await ofFiles(
    loaded.config.tls.length === 0 ? Promise.resolve({ warnings: [] }) : loadCertificates(loaded.config),
  ),
  keys: await ofFiles(loadKeys(loaded.config)),
  hooks: await ofFiles(
    loadHooks(loaded.config.webhooks).then((loadedHooks) => ({ warnings: bareSecrets(loadedHooks) })),
  ),
  telemetry: await ofFiles(loadCollector(loaded.config).then(() => ({ warnings: [] }))),
  returnPathKey: await ofReturnPathKey(loaded),
})

const check = async (options: GlobalOptions): Promise<void> => {
  const found = await findings(options)
  if (found.faults.length > 0) process.exitCode = 1
  if (options.json) {
    for (const fault of found.faults) ndjson({ kind: 'fault', ...fault })
    for (const note of found.notes) ndjson({ kind: 'note', ...note })
    return
  }
  for (const fault of found.faults) print(faultText(fault))
  for (const note of found.notes) print(`note: ${faultText(note)}`)
  if (found.faults.length === 0) print(`${found.name}: no faults`)
}

const hasAliases = ({ config }: Loaded): boolean =>
  config.domains.some(({ aliases = {} }) => Object.keys(aliases).length > 0)

/** Aliases that lead to nobody, as far as accounts are known by now. A file is checked while its log is away, too. */
const stranded = async (options: GlobalOptions, checked: Loaded): Promise<readonly Finding[]> => {
  if (!hasAliases(checked)) return []
  try {
    return await strandedNow(options)
  } catch (error) {
    if (!(error instanceof LogUnavailable)) throw error
    return [{ path: ['log'], message: `so nobody knows whether aliases lead to accounts: ${error.message}` }]
  }
}

const strandedNow = async (options: GlobalOptions): Promise<readonly Finding[]> => {
  const { directory, loaded } = await knownNow(options)
  if (loaded.playground || directory.accounts().length === 0) return []
  return strandedTargets(loaded.config.domains, directory).map(({ domain, alias, address }) => ({
    path: ['domains', domain, 'aliases', alias],
    message: `nobody has the address ${address}: its mail goes to a mailbox of its own; add an account for it, or correct it`,
  }))
}

type Findings = { readonly name: string; readonly faults: readonly Fault[]; readonly notes: readonly Fault[] }

const findings = async (options: GlobalOptions): Promise<Findings> => {
  try {
    const loaded = load(options)
    const file = shownFile(loaded, options)
    const { certificates, keys, hooks, telemetry, returnPathKey } = await fileFaults(loaded)
    const fileNotes = [
      ...certificates.warnings.map((message) => ({ path: ['tls'], message })),
      ...keys.warnings.map((message) => ({ path: ['domains'], message })),
      ...hooks.warnings,
    ].map((note) => faultAt(loaded.document, file, note))
    return {
      name: file ?? 'no configuration file, so the playground',
      faults: [
        ...[
          ...certificates.faults,
          ...keys.faults,
          ...hooks.faults,
          ...telemetry.faults,
          ...returnPathKey,
        ].map((fault) => faultAt(loaded.document, file, fault)),
        ...(await listKeyFaults(loaded.config.policy?.dnsbl ?? [])).map(loaded.located),
      ],
      notes: [
        ...remarks(loaded, file),
        ...(await stranded(options, loaded)).map((note) => faultAt(loaded.document, file, note)),
        ...fileNotes,
      ],
    }
  } catch (error) {
    if (error instanceof ConfigFault) return { name: '', faults: error.faults, notes: [] }
    throw error
  }
}

const show = (options: GlobalOptions): void => {
  const rows = shownConfig(load(options))
  if (options.json) for (const row of rows) ndjson(row)
  else
    table(rows, [
      { title: 'SETTING', value: ({ path }) => path },
      { title: 'FROM', value: ({ origin }) => origin },
      { title: 'VALUE', value: valueText, shrinks: true },
    ])
}
