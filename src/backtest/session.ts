/** One recorded session on its way: judged the short way as long as that leads somewhere, by the machine otherwise. */
import type { Stage } from '../history/stage.ts'
import { idOf, type StoredEvent } from '../log/port.ts'
import type { Asking, Consequences, Found } from './consequences.ts'
import { Quick } from './quick.ts'
import { Rerun } from './rerun.ts'
import type { Court, Fared } from './trial.ts'

/** The other rules within the policy that was in force. */
export type Setting = {
  readonly stage: Stage
  readonly rules: Court['rules']
  readonly asked: Court['asked']
  /** Facts from which on a session might be ended for their number. */
  readonly most: number
}

export type SessionOptions = {
  readonly setting: Setting
  readonly consequences: Consequences
  readonly fared: (mail: Fared) => void
}

export class Session {
  readonly #options: SessionOptions
  readonly #court: Court
  #found: Map<number, Found> | null = null
  #quick: Quick | null
  #rerun: Rerun | null = null
  /** Facts so far, while the short way may still turn out to be too short. */
  #facts: StoredEvent[] = []
  /** With which the last mail began that was told of. */
  #told = -1

  constructor(stream: string, options: SessionOptions) {
    const { rules, asked, most } = options.setting
    this.#options = options
    this.#court = { session: idOf(stream), rules, asked, examine: this.#examine }
    this.#quick = new Quick({ court: this.#court, most, fared: this.#fared })
  }

  take(event: StoredEvent): void {
    if (this.#quick === null) {
      this.#rerun?.take(event)
      return
    }
    this.#facts.push(event)
    if (!this.#quick.take(event)) this.#takeTheLongWay()
  }

  /** Its history does not go on. */
  end(): void {
    this.#quick?.end()
    this.#rerun?.end()
  }

  #takeTheLongWay(): void {
    this.#quick = null
    this.#rerun = new Rerun({ stage: this.#options.setting.stage, court: this.#court, fared: this.#fared })
    for (const fact of this.#facts) this.#rerun.take(fact)
    this.#facts = []
  }

  /** Once for each mail, whichever way it is judged. */
  readonly #examine = (revision: number, asking: Asking): Found => {
    const known = this.#found?.get(revision)
    if (known !== undefined) return known
    const found = this.#options.consequences.examine(asking)
    this.#found ??= new Map()
    this.#found.set(revision, found)
    return found
  }

  readonly #fared = (mail: Fared): void => {
    if (mail.revision <= this.#told) return
    this.#told = mail.revision
    this.#found?.get(mail.revision)?.settle(mail.was, mail.now, mail.dkim)
    if (this.#quick === null) this.#found?.delete(mail.revision)
    this.#options.fared(mail)
  }
}
