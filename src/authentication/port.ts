/** What a session asks about strangers. Nobody here judges: what is found is told to the machine. */
import type { Findings, MessageFindings } from '../../machines/vocabulary/findings.ts'

/** Whom a look is for. */
export type Stranger = {
  /** The session's id. */
  readonly session: string
  /** The peer's address, with what a trusted proxy said of it. */
  readonly address: string
  readonly helo: string
  /** The envelope sender, `''` for the null sender. */
  readonly sender: string
}

/** A look at a message while it comes in. */
export interface MessageLook {
  /** The next octets, as they will be stored. They may be kept; resolves when more may come, where that takes time. */
  push(octets: Buffer): Promise<void> | undefined
  /** Never rejects, and ends within a time of its own. */
  end(): Promise<MessageFindings>
  /** The message is of no interest any more. */
  forget(): void
}

export interface Examiner {
  /** Never rejects, and ends within a time of its own, or with `signal`: what could not be found out says so, or is left out. */
  client(stranger: Stranger & { readonly signal?: AbortSignal }): Promise<Findings>
  /** `message`: its id. */
  message(stranger: Stranger & { readonly message: string; readonly findings: Findings }): MessageLook
  /** What became of the transaction for which the client of a session was looked at last: a message, or nothing. */
  settle(session: string, outcome: { readonly accepted: boolean }): void
}
