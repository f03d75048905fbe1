/** The server itself, as people run it: a process of its own, a configuration file, views and fsync on. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, type Running, start } from './process.ts'

const house = dirname(dirname(fileURLToPath(import.meta.url)))
const launcher = join(house, 'bin', 'fsmtp.js')

/** One domain, one account that gets everything; limits high enough for the load of one client address. */
const configuration = ({ data, port, routes, elsewhere }: Settings): string => `hostname: mx.bench.example
data: ${data}
listeners:
  - { service: mx, address: 127.0.0.1, port: ${port} }
${elsewhere.http === undefined ? '' : `  - { service: http, address: 127.0.0.1, port: ${elsewhere.http} }\n`}domains:
  - { name: bench.example, catchAll: box@bench.example }
limits: { sessions: 10000, sessionsPerAddress: 10000, messages: 10000000, sending: { messages: 10000000, recipients: 10000000 } }
${shared(elsewhere)}${outgoing(routes)}`

/** What is not in the data directory, or shared with other servers. */
export type Elsewhere = {
  /** The address of a database. */
  readonly log?: string
  /** The address of a bucket. */
  readonly content?: string
  readonly cluster?: { readonly node: string; readonly lease: number }
  /** False where another server on the same log has added the account. */
  readonly account?: boolean
  /** A port for the Web API and the page. */
  readonly http?: number
}

const shared = ({ log, content, cluster }: Elsewhere): string =>
  [
    log === undefined ? '' : `log: "${log}"\n`,
    content === undefined ? '' : `content: "${content}"\n`,
    cluster === undefined ? '' : `cluster: { node: ${cluster.node}, lease: ${cluster.lease}ms }\n`,
  ].join('')

type Settings = {
  readonly data: string
  readonly port: number
  readonly routes: Routes
  readonly elsewhere: Elsewhere
}

/** Next hops by domain, for mail that leaves. */
export type Routes = ReadonlyMap<string, number>

const outgoing = (routes: Routes): string =>
  routes.size === 0
    ? ''
    : `proxy: { trusted: [127.0.0.1/32], protocols: [xclient] }
delivery:
  routes:
${[...routes].map(([domain, port]) => `    ${domain}: "127.0.0.1:${port}"\n`).join('')}`

export type Installed = {
  /** Where its data is. */
  readonly data: string
  readonly port: number
  serve(): Promise<Running>
  /** Runs a command of the program and gives back what it printed. `exit`: the code it is to end with, 0 without. */
  command(args: readonly string[], options?: { readonly exit?: number }): string
}

/** The configuration and the account, in `directory`; nothing runs yet. */
export const install = async (
  directory: string,
  routes: Routes = new Map(),
  elsewhere: Elsewhere = {},
): Promise<Installed> => {
  const data = join(directory, 'data')
  const config = join(directory, 'fsmtp.yaml')
  const port = await freePort()
  mkdirSync(directory, { recursive: true })
  writeFileSync(config, configuration({ data, port, routes, elsewhere }))
  const options = { cwd: directory, encoding: 'utf8', maxBuffer: 1 << 30 } as const
  const withConfig = (args: readonly string[]): string[] => [launcher, ...args, '--config', config]
  if (elsewhere.account !== false) {
    const args = withConfig(['user', 'add', 'box@bench.example'])
    const added = spawnSync(process.execPath, args, { ...options, input: 'a password nobody uses\n' })
    if (added.status !== 0) throw new Error(`fsmtp user add: ${added.stderr}`)
  }
  return {
    data,
    port,
    serve: () => start({ command: process.execPath, args: withConfig(['serve']), port, cwd: directory }),
    command: (args, { exit = 0 } = {}) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, withConfig(args), options)
      if (status !== exit) throw new Error(`fsmtp ${args.join(' ')} ended with ${status}: ${stderr}`)
      return stdout
    },
  }
}

export const versionOf = (dependency: string): string => {
  const manifest: unknown = JSON.parse(
    readFileSync(join(house, 'node_modules', dependency, 'package.json'), 'utf8'),
  )
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return '?'
  return String(manifest.version)
}
