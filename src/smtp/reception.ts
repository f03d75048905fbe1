/** What a listener gives each of its connections: who decides, who remembers, who knows. */
import type { Door } from '../../machines/session/inputs.ts'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import type { Place } from '../../machines/vocabulary/events.ts'
import type { Outbox } from '../actors/outbox.ts'
import type { Login } from '../authentication/login.ts'
import type { Examiner } from '../authentication/port.ts'
import type { ContentWriter } from '../content/port.ts'
import type { Warn } from '../notices.ts'

/** What the supervisor asks of a live connection. */
export interface LiveSession {
  readonly address: string
  /** Ends what has lasted too long. `at` as `performance.now()` has it. */
  checkDeadline(at: number): void
  /** No new transaction any more; `force` ends one that is open, too. */
  shutDown(options: { readonly force: boolean }): void
}

export type Reception = {
  readonly node: string
  readonly policy: SessionPolicy
  /** Its hash: the stream `policy-<hash>` holds it. */
  readonly policyHash: string
  readonly outbox: Outbox
  readonly place: (address: string) => Place
  readonly verify: Login['verify']
  /** The addresses of an account a trusted proxy has logged in; empty when there is none. */
  readonly addressesOf: (user: string) => readonly string[]
  /** Who looks at strangers, where the policy has rules for them. */
  readonly examiner?: Examiner
  readonly beginContent: (id: string) => Promise<ContentWriter>
  /** Forgets content that was finished and then refused. */
  readonly removeContent: (id: string) => Promise<void>
  /** Milliseconds. */
  readonly timeouts: { readonly command: number; readonly data: number; readonly greetingPause: number }
  /** May this peer use XCLIENT? */
  readonly mayRename: (address: string) => boolean
  readonly supervisor: {
    enter(session: LiveSession): Door
    leave(session: LiveSession): void
  }
  /** For what no history can hold. */
  readonly complain: Warn
}
