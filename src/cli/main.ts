/** The command line: one file per command, listed here in the order in which people meet them. */
import { Command, CommanderError } from 'commander'
import { version } from '../version.ts'
import { keepCompiled } from './compile-cache.ts'
import { CommandFault } from './fault.ts'

type CommandFile = { readonly register: (program: Command) => void }

const act = (name: 'retry' | 'hold' | 'release' | 'cancel') => async (): Promise<CommandFile> => {
  const { registering } = await import('./acts.ts')
  return { register: registering(name) }
}

/** Loaded when asked for, so that a command starts with no more than it needs. */
const commands: Readonly<Record<string, () => Promise<CommandFile>>> = {
  serve: () => import('./serve.ts'),
  init: () => import('./init.ts'),
  config: () => import('./config.ts'),
  send: () => import('./send.ts'),
  sessions: () => import('./sessions.ts'),
  replay: () => import('./replay.ts'),
  messages: () => import('./messages.ts'),
  message: () => import('./message.ts'),
  mailboxes: () => import('./mailboxes.ts'),
  mailbox: () => import('./mailbox.ts'),
  deliveries: () => import('./deliveries.ts'),
  delivery: () => import('./delivery.ts'),
  destinations: () => import('./destinations.ts'),
  policy: () => import('./policy.ts'),
  reputation: () => import('./reputation.ts'),
  suppressions: () => import('./suppressions.ts'),
  retry: act('retry'),
  hold: act('hold'),
  release: act('release'),
  cancel: act('cancel'),
  machines: () => import('./machines.ts'),
  verify: () => import('./verify.ts'),
  backtest: () => import('./backtest.ts'),
  views: () => import('./views.ts'),
  events: () => import('./events.ts'),
  export: () => import('./export.ts'),
  import: () => import('./import.ts'),
  user: () => import('./user.ts'),
  domain: () => import('./domain.ts'),
  key: () => import('./key.ts'),
  webhooks: () => import('./webhooks.ts'),
  backup: () => import('./backup.ts'),
  retention: () => import('./retention.ts'),
}

const program = async (asked: string | undefined): Promise<Command> => {
  const root = new Command('fsmtp')
    .description('A mail server whose memory is a log of facts.')
    .version(version)
    .option('--config <file>', 'configuration file (default: ./fsmtp.yaml if it is there)')
    .option('--data <dir>', 'data directory (default: the configuration’s, or ./data)')
    .option('--json', 'print NDJSON: one object a line')
    .showSuggestionAfterError()
    .exitOverride()
  const wanted = asked === undefined ? undefined : commands[asked]
  const files = wanted ? [wanted] : Object.values(commands)
  for (const { register } of await Promise.all(files.map((load) => load()))) register(root)
  for (const command of root.commands) settle(command)
  return root
}

/** Sub-commands take the global options too, wherever they stand, and end by throwing like the root. */
const settle = (command: Command): void => {
  command.exitOverride().showSuggestionAfterError()
  for (const [flags, about] of globals)
    if (!command.options.some(({ long }) => flags.includes(long ?? '-'))) command.option(flags, about)
  for (const inner of command.commands) settle(inner)
}
const globals = [
  ['--config <file>', 'configuration file'],
  ['--data <dir>', 'data directory'],
  ['--json', 'print NDJSON'],
] as const

const takesValue = new Set(['--config', '--data'])

const run = async (words: readonly string[]): Promise<number> => {
  const asked = words.find((word, at) => !word.startsWith('-') && !takesValue.has(words[at - 1] ?? ''))
  const root = await program(asked)
  if (words.length === 0) {
    root.outputHelp()
    return 2
  }
  await root.parseAsync(words as string[], { from: 'user' })
  return Number(process.exitCode ?? 0)
}

const fail = (error: unknown): number => {
  // Commander has said what is wrong already; help and version are no faults.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (isClosedPipe(error)) return 0
  const expected = error instanceof CommandFault || (error instanceof Error && expectedFaults.has(error.name))
  const message =
    error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`fsmtp: ${message}\n`)
  return error instanceof CommandFault ? error.exitCode : 1
}
const expectedFaults = new Set([
  'ContentFull',
  'ContentUnavailable',
  'DirectoryInUse',
  'LogDamaged',
  'LogFull',
  'LogUnavailable',
  'WrongRevision',
  'MachineChanged',
  'NodeNameTaken',
])
const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE'

// `fsmtp events | head` closes the pipe: that is no fault.
process.stdout.on('error', (error) => {
  if (isClosedPipe(error)) process.exit(0)
  throw error
})
// Mail, hashes of passwords, keys: nothing we make is for others to read.
process.umask(0o077)
keepCompiled()
process.exitCode = await run(process.argv.slice(2)).catch(fail)
