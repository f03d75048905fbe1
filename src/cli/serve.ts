/** `fsmtp serve`: runs the server. Without a configuration: the playground. */
import type { Command } from 'commander'
import { pino } from 'pino'
import { type Loaded, loadConfig } from '../config/load.ts'
import { PortInUse } from '../listening.ts'
import { mustBeFree } from '../log/lock.ts'
import { type Running, startServer } from '../main.ts'
import type { Notices } from '../notices.ts'
import { demoAccount, demoPassword } from '../playground.ts'
import { version } from '../version.ts'
import { noticesTo } from './notices.ts'
import { Settings } from './settings.ts'

type Options = { readonly config?: string; readonly data?: string }

export const register = (program: Command): void => {
  program
    .command('serve')
    .description('run the server; without a configuration file: the playground')
    .addHelpText('after', '\nExample: fsmtp serve --config fsmtp.yaml')
    .action(async (_: unknown, command: Command) => serve(command.optsWithGlobals<Options>()))
}

const serve = async (options: Options): Promise<void> => {
  const source = { file: options.config, data: options.data }
  const loaded = loadConfig(source)
  const notices = noticesTo(pino.destination(2))
  const running = await startServer(loaded.config, notices).catch((error: unknown) => {
    // Where the same server runs already its ports are taken, too: its data are what people should hear of.
    if (!(error instanceof PortInUse)) throw error
    mustBeFree(loaded.config.data)
    throw loaded.file === null ? error.inPlayground : error
  })
  const settings = new Settings({ loaded, source, running, notices })
  const ended = untilSignalled({ running, notices, settings })
  print(loaded.playground ? await welcome(loaded, running) : started(loaded, running))
  await ended
  notices.info('stopped')
}

const print = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Milliseconds within which two signals are taken for one. */
const oneSignal = 250

/** SIGTERM and SIGINT stop in order, a second one at once; SIGHUP reads the configuration again. */
const untilSignalled = ({
  running,
  notices,
  settings,
}: {
  running: Running
  notices: Notices
  settings: Settings
}): Promise<void> =>
  new Promise((stopped, failed) => {
    let stoppingSince: number | null = null
    const stop = (signal: NodeJS.Signals): void => {
      // A signal to the whole process group comes twice: from the system, and from the launcher that passes its own on.
      if (stoppingSince !== null && performance.now() - stoppingSince < oneSignal) return
      if (stoppingSince !== null) {
        notices.warn(`${signal} again: ending what is left`)
        running.hurry()
        return
      }
      stoppingSince = performance.now()
      settings.unwatch()
      notices.info(`${signal}: stopping; sessions inside a transaction may finish it`)
      running.stop().then(stopped, failed)
    }
    void running.fatal.then((error) => {
      notices.warn(`stopping: ${error.message}`)
      running.stop().then(() => failed(error), failed)
    })
    process.on('SIGTERM', stop).on('SIGINT', stop)
    process.on('SIGHUP', () => settings.readAgain())
  })

const listening = ({ listeners, http }: Running): string[] => [
  ...listeners.map(
    ({ service, address, port }) => `  ${service.padEnd(12)} ${address}:${port}${means[service]}`,
  ),
  ...http.map(({ address, port }) => `  ${'http'.padEnd(12)} ${address}:${port}${means.http}`),
]
const means = {
  mx: '    mail from anyone',
  submission: '    mail from accounts, STARTTLS and AUTH',
  submissions: '    mail from accounts, TLS and AUTH',
  http: '    the page, /api/v1, /healthz, /readyz, /metrics',
} as const

const started = ({ config, file }: Loaded, running: Running): string[] => [
  `fsmtp ${version}: ${config.hostname} is up, as ${file} says; data in ${config.data}`,
  ...listening(running),
]

const welcome = async ({ config }: Loaded, running: Running): Promise<string[]> => {
  const password = await demoPassword({ data: config.data, log: running.log, directory: running.directory })
  const port = running.listeners.find(({ service }) => service === 'mx')?.port ?? 25
  const [page] = running.http
  return [
    `fsmtp ${version}: the playground is up. Every address is local, nothing leaves this machine but what you send with --route.`,
    ...listening(running),
    `  account      ${demoAccount}, password ${password ?? '(changed; see `fsmtp user password`)'}`,
    `  data         ${config.data}`,
    '',
    'Send a mail:      npx fsmtp send --to you@example.org --subject Hello --text "It works"',
    `  or with curl:   echo Hello | curl smtp://127.0.0.1:${port} --mail-from me@example.org --mail-rcpt you@example.org -T -`,
    ...(page === undefined ? [] : [`Look at it:       http://${page.address}:${page.port}/`]),
    'Read it:          npx fsmtp mailbox you@example.org',
    'What happened:    npx fsmtp sessions, then npx fsmtp replay ID',
    'Try outcomes:     451@any.domain is refused with 451, slow@ waits 20 s, drop@ drops the line',
    'Try deliveries:   a@deferred.test, b@bounced.test, then npx fsmtp deliveries',
    'Stop:             Ctrl-C',
  ]
}
