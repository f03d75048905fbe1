/** Whether this server can do its work now, and if not, what is missing. Nothing is written to find out. */
import type { ViewStatus } from '../views/answers/status.ts'
import type { Appends } from './appends.ts'
import type { House } from './house.ts'
import { Remembered } from './remembered.ts'

export type Check = { readonly ok: boolean; readonly detail: string | null }
export const checked = ['log', 'content', 'views', 'membership'] as const
export type Checked = (typeof checked)[number]
export type Readiness = {
  readonly status: 'ready' | 'unready' | 'stopping'
  readonly checks: Readonly<Record<Checked, Check>>
}

/** What is looked at. */
export type Watched = Pick<House, 'log' | 'members'> & {
  readonly content: Pick<House['content'], 'check'>
  readonly views: Pick<House['views'], 'isKept'>
}

export type ReadinessOptions = {
  readonly house: Watched
  readonly appends: Pick<Appends, 'trouble'>
  /** How each view stands. Asks the log for its end. */
  readonly views: () => Promise<readonly ViewStatus[]>
}

/** Milliseconds the log has to answer, and the bucket. */
const logWithin = 1_000
const contentWithin = 3_000
/** Milliseconds for which an answer holds. */
const fresh = 1_000
const contentFresh = 5_000
/** Events that a view may be behind: some seconds of its work. */
const mostBehind = 250_000

const well: Check = { ok: true, detail: null }
const ill = (detail: string): Check => ({ ok: false, detail })

export class ReadinessChecks {
  readonly #options: ReadinessOptions
  readonly #log: Remembered<number>
  readonly #content: Remembered<void>
  readonly #views: Remembered<readonly ViewStatus[]>

  constructor(options: ReadinessOptions) {
    const { log, content } = options.house
    this.#options = options
    this.#log = new Remembered({ look: () => log.tail(), fresh, within: logWithin })
    this.#content = new Remembered({
      look: () => content.check(AbortSignal.timeout(contentWithin)),
      ...{ fresh: contentFresh, within: contentWithin },
    })
    this.#views = new Remembered({ look: options.views, fresh, within: logWithin })
  }

  async all(): Promise<Readonly<Record<Checked, Check>>> {
    const [log, content, views] = await Promise.all([
      this.#checkLog(),
      this.#checkContent(),
      this.#checkViews(),
    ])
    return { log, content, views, membership: this.#checkMembership() }
  }

  /** As they were found last, within a moment. @throws what kept them from being read */
  views(): Promise<readonly ViewStatus[]> {
    return this.#views.ask()
  }

  async #checkLog(): Promise<Check> {
    try {
      await this.#log.ask()
    } catch (error) {
      return ill(`the log cannot be read: ${wordsOf(error)}`)
    }
    const trouble = this.#options.appends.trouble()
    return trouble === null ? well : ill(trouble)
  }

  #checkContent(): Promise<Check> {
    return this.#content.ask().then(
      () => well,
      (error) => ill(`messages cannot be kept: ${wordsOf(error)}`),
    )
  }

  async #checkViews(): Promise<Check> {
    const { house } = this.#options
    if (!house.views.isKept()) return ill('the thread that keeps the views has ended')
    try {
      return judged(await this.#views.ask(), mostBehind * (house.log.spacing ?? 1))
    } catch (error) {
      return ill(`the views cannot be read: ${wordsOf(error)}`)
    }
  }

  #checkMembership(): Check {
    const isAlive = this.#options.house.members.isAlive()
    return isAlive
      ? well
      : ill('the other servers on this log may take this one for dead: it could not say that it lives')
  }
}

const judged = (views: readonly ViewStatus[], most: number): Check => {
  const stopped = views.filter(({ state }) => state === 'stopped')
  if (stopped.length > 0)
    return ill(
      stopped
        .map(({ name, errorPosition, error }) => `${name} stopped at ${errorPosition}: ${error}`)
        .join('; '),
    )
  const behind = views.filter(({ lag }) => lag > most)
  return behind.length === 0
    ? well
    : ill(behind.map(({ name, lag }) => `${name} is ${lag} behind the log`).join('; '))
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error)
