/** The configuration of a server that runs: read again when somebody asks for it, its policy when its file changes. */
import { isDeepStrictEqual } from 'node:util'
import { type Loaded, type LoadOptions, loadConfig } from '../config/load.ts'
import { type PolicyWatch, type WatchOptions, watchPolicy } from '../config/policy-watch.ts'
import type { Config } from '../config/schema.ts'
import { sessionPolicy } from '../config/session-policy.ts'
import type { Running } from '../main.ts'
import type { Notices } from '../notices.ts'
import { policyHash } from '../policies.ts'

export type SettingsOptions = {
  readonly loaded: Loaded
  readonly running: Running
  readonly notices: Notices
  /** Where all of it is read again. */
  readonly source: LoadOptions
  /** How often and how patiently the policy's file is looked at. */
  readonly pace?: Pick<WatchOptions, 'every' | 'settling'>
}

type Change = {
  readonly take: () => Promise<void>
  readonly done: () => string
  readonly kept: string
  /** Whether somebody has to hear why it was not done. */
  readonly isNews?: (error: Error) => boolean
}

/** What is in force; a configuration or a policy that cannot be read changes nothing. One change waits for the other. */
export class Settings {
  readonly #options: SettingsOptions
  readonly #watch: PolicyWatch
  #config: Config
  /** The fault that was told last: who reads the same file a moment later has nothing new to say. */
  #told: string | null = null
  /** The policy's file had a fault when it was looked at last. */
  #isFaulty = false
  /** Why a policy that can be read does not hold, as it was told last: it is tried again and again. */
  #kept: readonly [policy: Config['policy'], why: string] | null = null
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: SettingsOptions) {
    const { loaded, source, notices, pace } = options
    this.#options = options
    this.#config = loaded.config
    this.#watch = watchPolicy({
      ...{ ...pace, load: source },
      changed: (policy) => this.#takePolicy(policy),
      failed: (error) => {
        if (this.#told !== error.message) notices.warn('the policy stays as it was', error)
        this.#told = error.message
        this.#isFaulty = true
      },
      well: (policy) => this.#beWell(policy),
    })
    this.#watch.follow(loaded)
  }

  readAgain(): void {
    void this.#change({
      take: async () => {
        const loaded = loadConfig(this.#options.source)
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

  /** Its hash. */
  get #policyInForce(): string {
    return policyHash(sessionPolicy(this.#config, 'mx'))
  }

  #beWell(policy: Config['policy']): void {
    // Who makes the same mistake again is told again.
    this.#told = null
    // Of another one it is said when it holds.
    if (!this.#isFaulty || !isDeepStrictEqual(policy, this.#config.policy)) return
    this.#isFaulty = false
    this.#options.notices.info(
      `the policy can be read again, and is the one in force: \`fsmtp policy ${this.#policyInForce}\``,
    )
  }

  #takePolicy(policy: Config['policy']): Promise<boolean> {
    return this.#change({
      take: () => this.#takeOver({ ...this.#config, policy }),
      done: () =>
        `the policy was read again, and holds for the sessions to come: \`fsmtp policy ${this.#policyInForce}\``,
      kept: 'the policy stays as it was',
      isNews: ({ message }) => {
        const before = this.#kept
        this.#kept = [policy, message]
        return !isDeepStrictEqual(before, this.#kept)
      },
    })
  }

  async #takeOver(config: Config): Promise<void> {
    await this.#options.running.reload(config)
    this.#config = config
    this.#kept = null
  }

  /** Resolves with whether it is done. */
  #change({ take, done, kept, isNews = () => true }: Change): Promise<boolean> {
    const { notices } = this.#options
    const changing = this.#changing.then(take).then(
      () => {
        this.#told = null
        this.#isFaulty = false
        notices.info(done())
        return true
      },
      (error: Error) => {
        this.#told = error.message
        if (isNews(error)) notices.warn(kept, error)
        return false
      },
    )
    this.#changing = changing
    return changing
  }
}
