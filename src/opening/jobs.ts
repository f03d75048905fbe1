/** What can be asked of a message that is taken apart, and what comes back. */
import type { Told } from './parts.ts'

export type Job =
  | { readonly kind: 'told' }
  /** One attachment, by the name that `told` gives it. */
  | { readonly kind: 'part'; readonly part: string }
  /** Its HTML, as a document for a frame. */
  | { readonly kind: 'html' }

/** Null where the message has no such thing. */
export type ResultOf = {
  readonly told: Told
  readonly part: { readonly name: string | null; readonly bytes: Uint8Array } | null
  readonly html: string | null
}

/** To the thread and back. */
export type Ordered = { readonly job: Job; readonly bytes: Uint8Array }
export type Done = { readonly result: unknown } | { readonly fault: string }
