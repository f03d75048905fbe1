/** `fsmtp serve`: runs the server. Without a configuration: the playground. */
import type { Command } from 'commander'
import { pino } from 'pino'
import { type Loaded, type LoadOptions, loadConfig } from '../config/load.ts'
import { type PolicyWatch, watchPolicy } from '../config/policy-watch.ts'
import type { Config } from '../config/schema.ts'
import { sessionPolicy } from '../config/session-policy.ts'
import { PortInUse } from '../listening.ts'
import { mustBeFree } from '../log/lock.ts'
import { type Running, startServer } from '../main.ts'
import type { Notices } from '../notices.ts'
import { demoAccount, demoPassword } from '../playground.ts'
import { policyHash } from '../policies.ts'
import { version } from '../version.ts'
import { noticesTo } from './notices.ts'

type Options = { readonly config?: string; readonly data?: string }

export const register = (program: Command): void => {
  program
    .command('serve')
    .description('run the server; without a configuration file: the playground')
    .addHelpText('after', '\nExample: fsmtp serve --config fsmtp.yaml')
    .action(async (_: unknown, command: Command) => serve(command.optsWithGlobals<Options>()))
}

const serve = async (options: Options): Promise<void> => {
  const loaded = loadConfig({ file: options.config, data: options.data })
  const notices = noticesTo(pino.destination(2))
  const running = await startServer(loaded.config, notices).catch((error: unknown) => {
    // Where the same server runs already its ports are taken, too: its data are what people should hear of.
    if (error instanceof PortInUse) mustBeFree(loaded.config.data)
    throw error
  })
  const settings = new Settings({ loaded, running, notices, options })
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

type SettingsOptions = {
  readonly loaded: Loaded
  readonly running: Running
  readonly notices: Notices
  readonly options: Options
}

/** What is in force; a configuration or a policy that cannot be read changes nothing. One change waits for the other. */
class Settings {
  readonly #options: SettingsOptions
  readonly #watch: PolicyWatch
  #config: Config
  /** The fault that was told last: who reads the same file a moment later has nothing new to say. */
  #told: string | null = null
  #changing: Promise<void> = Promise.resolve()

  constructor(options: SettingsOptions) {
    const { loaded, notices } = options
    this.#options = options
    this.#config = loaded.config
    this.#watch = watchPolicy({
      load: this.#source,
      changed: (policy) => this.#takePolicy(policy),
      failed: (error) => {
        if (this.#told !== error.message) notices.warn('the policy stays as it was', error)
        this.#told = error.message
      },
      // Who makes the same mistake again is told again.
      well: () => {
        this.#told = null
      },
    })
    this.#watch.follow(loaded)
  }

  readAgain(): void {
    this.#change({
      take: async () => {
        const loaded = loadConfig(this.#source)
        await this.#takeOver(loaded.config)
        this.#watch.follow(loaded)
      },
      done: () => 'configuration and certificates were read again',
      kept: 'the configuration stays as it was',
    })
  }

  unwatch(): void {
    this.#watch.stop()
  }

  get #source(): LoadOptions {
    const { config, data } = this.#options.options
    return { file: config, data }
  }

  /** Its hash. */
  get #policyInForce(): string {
    return policyHash(sessionPolicy(this.#config, 'mx'))
  }

  #takePolicy(policy: Config['policy']): void {
    this.#change({
      take: () => this.#takeOver({ ...this.#config, policy }),
      done: () =>
        `the policy was read again, and holds for the sessions to come: \`fsmtp policy ${this.#policyInForce}\``,
      kept: 'the policy stays as it was',
    })
  }

  async #takeOver(config: Config): Promise<void> {
    await this.#options.running.reload(config)
    this.#config = config
  }

  #change({ take, done, kept }: { take: () => Promise<void>; done: () => string; kept: string }): void {
    const { notices } = this.#options
    this.#changing = this.#changing.then(take).then(
      () => {
        this.#told = null
        notices.info(done())
      },
      (error: Error) => {
        this.#told = error.message
        notices.warn(kept, error)
      },
    )
  }
}

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
