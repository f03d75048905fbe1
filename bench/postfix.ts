/**
 * Postfix beside us: `smtpd` taking mail into its queue (fsync'd, as always), the queue emptied by the discard transport. A private
 * instance with its own configuration and queue. Everything that would slow it and has no counterpart here is off: the throttle
 * between reception and delivery, client limits, name look-ups, the log.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../test/programs.ts'
import { freePort, type Running, start } from './process.ts'

const ownParameters = (
  home: string,
  routes: ReadonlyMap<string, number>,
): Readonly<Record<string, string>> => ({
  compatibility_level: '3.6',
  queue_directory: join(home, 'queue'),
  data_directory: join(home, 'state'),
  mail_owner: 'postfix',
  setgid_group: 'postdrop',
  myhostname: 'postfix.example',
  mydestination: '',
  inet_interfaces: '127.0.0.1',
  inet_protocols: 'ipv4',
  mynetworks: '127.0.0.0/8',
  alias_maps: '',
  alias_database: '',
  local_recipient_maps: '',
  default_transport: 'discard:',
  relay_transport: 'discard:',
  local_transport: 'discard:',
  smtpd_relay_restrictions: 'permit_mynetworks, reject',
  smtpd_peername_lookup: 'no',
  smtpd_client_connection_count_limit: '0',
  smtpd_tls_security_level: 'none',
  default_process_limit: '300',
  in_flow_delay: '0',
  maillog_file: '',
  ...(routes.size > 0 && {
    transport_maps: `inline:{ ${[...routes].map(([domain, port]) => `{ ${domain} = smtp:[127.0.0.1]:${port} }`).join(', ')} }`,
  }),
})

const ownServices = (port: number): string =>
  [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'proxymap unix - - n - - proxymap',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'discard unix - - n - - discard',
    'smtp unix - - n - - smtp',
    'anvil unix - - n - 1 anvil',
    'showq unix n - n - - showq',
    '',
  ].join('\n')

/** `3.7.11`, or null where it is not installed. */
export const postfixVersion = (): string | null => {
  const postconf = findProgram('postconf')
  if (postconf === null) return null
  return execFileSync(postconf, ['-d', '-h', 'mail_version'], { encoding: 'utf8' }).trim()
}

/** Why Postfix cannot be measured here, or null. */
export const postfixMissing = (): string | null => {
  if (findProgram('postconf') === null || findProgram('smtp-source') === null)
    return 'postfix is not installed'
  return process.getuid?.() === 0 ? null : 'postfix wants to be started by root'
}

export type PostfixSettings = {
  /** Over the parameters of `main.cf` that stand here. */
  readonly parameters?: Readonly<Record<string, string>>
  /** More lines for `master.cf`. */
  readonly services?: readonly string[]
}

/** Starts the private instance in `directory`: empty, and with parents that everybody may pass through. */
export const startPostfix = async (
  directory: string,
  routes: ReadonlyMap<string, number> = new Map(),
  { parameters = {}, services = [] }: PostfixSettings = {},
): Promise<Running> => {
  const port = await freePort()
  const config = join(directory, 'config')
  for (const name of ['config', 'queue']) mkdirSync(join(directory, name), { recursive: true })
  chmodSync(directory, 0o755)
  const all = { ...ownParameters(directory, routes), ...parameters }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(join(config, 'main.cf'), lines.join(''))
  writeFileSync(join(config, 'master.cf'), ownServices(port) + services.map((line) => `${line}\n`).join(''))
  const daemons = execFileSync(findProgram('postconf')!, ['-d', '-h', 'daemon_directory'], {
    encoding: 'utf8',
  })
  execFileSync(findProgram('postfix')!, ['-c', config, 'check'], { stdio: 'pipe' })
  return start({ command: join(daemons.trim(), 'master'), args: ['-c', config, '-d'], port })
}
