/** Whether one list is believed just now: tested when it is opened and again and again, set aside while it fails. */
import type { List, TestResult, Word } from './list.ts'
import { readListKey } from './list-keys.ts'

export type Notice = {
  /** `error`: an answer that is none. The other two: its standing changed. */
  readonly kind: 'error' | 'set-aside' | 'taken-back'
  readonly zone: string
  readonly of: 'addresses' | 'domains'
  /** One sentence, without a key. */
  readonly text: string
}

export type Standing = {
  readonly zone: string
  readonly of: 'addresses' | 'domains'
  /** `untested`: it has not answered the first test. */
  readonly state: 'believed' | 'set-aside' | 'untested'
  /** Why it is not believed. */
  readonly about: string | null
}

export type TrialOptions = {
  readonly list: List
  readonly timeout: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  readonly tell: (notice: Notice) => void
  /** The text of a file. */
  readonly read: (file: string) => Promise<string>
}

const hour = 3_600_000
/** A list that is set aside, or did not answer, is tested sooner: it may be well again. */
const sooner = 300_000

export class Trial {
  readonly #options: TrialOptions
  readonly #told = new Map<Notice['kind'], number>()
  readonly #closed = new AbortController()
  #result: TestResult = { kind: 'unknown', about: 'it has not been tested yet' }
  #state: Standing['state'] = 'untested'
  #key = ''
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  /** Resolves after the first test. */
  readonly begun: Promise<void>

  constructor(options: TrialOptions) {
    this.#options = options
    this.begun = this.test()
  }

  get key(): string {
    return this.#key
  }

  get standing(): Standing {
    const { zone, of } = this.#options.list.settings
    const about = this.#state === 'believed' || this.#result.kind === 'passed' ? null : this.#result.about
    return { zone, of, state: this.#state, about }
  }

  /** Tests it now, and from now on at its times. */
  test(): Promise<void> {
    this.#running ??= this.#test().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** An answer that a person should look at is told once an hour. */
  heard({ alarming, about = '' }: Word): void {
    if (alarming) this.#tell('error', about)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#closed.abort()
  }

  async #test(): Promise<void> {
    clearTimeout(this.#timer)
    const result = await this.#tried()
    if (this.#closed.signal.aborted) return
    this.#judge(result)
    this.#timer = setTimeout(() => void this.test(), result.kind === 'passed' ? hour : sooner)
    this.#timer.unref()
  }

  async #tried(): Promise<TestResult> {
    const { list, timeout } = this.#options
    const fault = await this.#readKey()
    if (fault !== null) return { kind: 'failed', about: fault }
    return list.test(this.#key, { signal: this.#closed.signal, timeout })
  }

  /** Read at each test: a key may be changed while the server runs. */
  async #readKey(): Promise<string | null> {
    const { keyFile } = this.#options.list.settings
    if (keyFile === undefined) return null
    const found = await readListKey(keyFile, this.#options.read)
    this.#key = 'key' in found ? found.key : this.#key
    return 'wrong' in found ? found.wrong : null
  }

  /** No answer says nothing: a list that was believed goes on being so. */
  #judge(result: TestResult): void {
    const before = this.#state
    if (result.kind === 'passed') this.#state = 'believed'
    if (result.kind === 'failed') this.#state = 'set-aside'
    this.#result = result
    if (result.kind === 'failed' && before !== 'set-aside') this.#tell('set-aside', result.about)
    if (result.kind === 'passed' && before === 'set-aside')
      this.#tell('taken-back', 'it passes its test again')
  }

  #tell(kind: Notice['kind'], text: string): void {
    const { list, now, tell } = this.#options
    const last = this.#told.get(kind)
    if (last !== undefined && now() - last < hour) return
    this.#told.set(kind, now())
    const { zone, of } = list.settings
    tell({ kind, zone, of, text })
  }
}
