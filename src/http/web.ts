/** The listeners of service http, and what is served there. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/schema.ts'
import type { ContentStore } from '../content/port.ts'
import type { Asked } from '../dns/index.ts'
import { PortInUse, type Spot } from '../listening.ts'
import type { EventLog } from '../log/port.ts'
import { version } from '../version.ts'
import { openViews, type ViewReader } from '../views/index.ts'
import { type Doorkeeper, doorkeeperOf, Unguarded } from './access.ts'
import { api } from './api/index.ts'
import { Figures } from './figures.ts'
import { health } from './health.ts'
import { hostsOf } from './host.ts'
import type { House } from './house.ts'
import { type Http, type HttpOptions, isHttp } from './index.ts'
import { createListener, type Part } from './listener.ts'
import { Desk } from './login/desk.ts'
import { metrics } from './metrics.ts'
import { page } from './page.ts'
import { type Readiness, ReadinessChecks } from './readiness.ts'
import { Remembered } from './remembered.ts'
import { watchedContent } from './watched-content.ts'

/** Milliseconds for what was asked before the end. */
const lastAnswers = 1_000
/** Milliseconds for which counts of unfinished deliveries and of what webhooks are not told hold, and which they may take. */
const queueFresh = 5_000
const queueWithin = 5_000

/** How the server is doing, as it is looked at once it is up. */
type Looks = {
  readonly house: House
  readonly checks: ReadinessChecks
  readonly views: ViewReader
  readonly desk: Desk
}

export class Web implements Http {
  readonly #figures = new Figures({ version })
  /** With where they are to listen. */
  readonly #listeners: readonly (readonly [FastifyInstance, Spot])[]
  readonly #data: string
  readonly #warn: HttpOptions['warn']
  #config: Config
  #spots: readonly Spot[] = []
  #isOurs: ReturnType<typeof hostsOf>
  #doorkeeper: Doorkeeper
  #looks: Looks | null = null
  #isLeaving = false

  /** Listens to nobody yet. `more`: what is served beside health and figures. @throws Unguarded */
  constructor({ config, warn }: HttpOptions, more: readonly Part[] = []) {
    this.#data = config.data
    this.#warn = warn
    this.#config = config
    this.#isOurs = hostsOf(config)
    this.#doorkeeper = doorkeeperOf(config)
    const listenerOptions = {
      ...{ parts: [...this.#parts(), ...more], warn },
      house: () => this.#looked().house,
      isOurs: (host: string, local: string | undefined) => this.#isOurs(host, local),
      doorkeeper: () => this.#doorkeeper,
      identify: (...asked: Parameters<Desk['identify']>) => this.#looked().desk.identify(...asked),
    }
    this.#listeners = config.listeners
      .filter(isHttp)
      .map((spot) => [createListener(listenerOptions), spot] as const)
  }

  get spots(): readonly Spot[] {
    return this.#spots
  }

  watchedLog(log: EventLog): EventLog {
    return this.#figures.appends.watched(log)
  }

  watchedContent(content: ContentStore): ContentStore {
    return watchedContent(content, this.#figures.contentFailures)
  }

  asked({ type, result, from }: Asked): void {
    this.#figures.dnsQuestions.add(`${type} ${result} ${from}`)
  }

  async start(house: House): Promise<void> {
    const views = openViews({ directory: this.#data, log: house.log })
    const checks = new ReadinessChecks({
      ...{ house, appends: this.#figures.appends },
      views: () => read(views, () => views.status()),
    })
    const queue = new Remembered({
      look: () => read(views, async () => views.queue()),
      ...{ fresh: queueFresh, within: queueWithin },
    })
    const webhooks = new Remembered({
      look: () => house.webhooks(),
      ...{ fresh: queueFresh, within: queueWithin },
    })
    const desk = await this.#deskIn(house)
    this.#looks = { house, checks, views, desk }
    this.#figures.see({
      house,
      ...{ views: () => checks.views(), queue: () => queue.ask(), checks: () => checks.all() },
      webhooks: () => webhooks.ask(),
    })
    for (const [listener, spot] of this.#listeners)
      this.#spots = [...this.#spots, await listening(listener, spot)]
  }

  reload(config: Config): void {
    this.#config = config
    this.#isOurs = hostsOf(config)
    this.#doorkeeper = doorkeeperOf(config)
    this.#looks?.desk.reload(config)
  }

  leaving(): void {
    this.#isLeaving = true
  }

  async stop(): Promise<void> {
    this.leaving()
    await Promise.all(this.#listeners.map(([listener]) => closed(listener)))
    this.#looks?.views.close()
    this.#looks?.desk.close()
  }

  /** @throws Unguarded where nobody could ever be let in; what the log throws */
  async #deskIn({ log, directory, login, members, smtp }: House): Promise<Desk> {
    const counted: House['login'] = {
      verify: async (attempt) => {
        const verdict = await login.verify(attempt)
        this.#figures.loggedIn(verdict.verdict)
        return verdict
      },
    }
    const parts = { log, directory, login: counted, node: members.node, warn: this.#warn, smtp }
    const desk = await Desk.open(parts, this.#config)
    const { playground, http } = this.#config
    if (playground || http.accounts || desk.hasKeys) return desk
    desk.close()
    throw new Unguarded(
      'http.accounts is off and there is no key: nobody could ask for anything. Add one (`fsmtp key add NAME --role administer`), or let accounts log in',
    )
  }

  #parts(): readonly Part[] {
    return [
      health({
        version,
        readiness: () => this.#readiness(),
        maySeeDetails: (request) => this.#doorkeeper.isMonitor(request),
      }),
      metrics(this.#figures),
      page(),
      api({
        ...{ directory: this.#data, log: this.#config.log, content: this.#config.content },
        desk: () => this.#looked().desk,
      }),
    ]
  }

  async #readiness(): Promise<Readiness> {
    const checks = await this.#looked().checks.all()
    if (this.#isLeaving) return { status: 'stopping', checks }
    const isWell = Object.values(checks).every(({ ok }) => ok)
    return { status: isWell ? 'ready' : 'unready', checks }
  }

  #looked(): Looks {
    if (this.#looks === null) throw new Error('nobody is listened to before the house is up')
    return this.#looks
  }
}

/** The file may be replaced between two questions: it is opened for each. */
const read = async <Value>(views: ViewReader, ask: () => Promise<Value>): Promise<Value> => {
  try {
    return await ask()
  } finally {
    views.close()
  }
}

const listening = async (listener: FastifyInstance, { address, port }: Spot): Promise<Spot> => {
  try {
    await listener.listen({ host: address, port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new PortInUse({ address, port }, code ?? message)
  }
  return { address, port: (listener.server.address() as AddressInfo).port }
}

const closed = async (listener: FastifyInstance): Promise<void> => {
  const clock = setTimeout(() => listener.server.closeAllConnections(), lastAnswers)
  await listener.close()
  clearTimeout(clock)
}
