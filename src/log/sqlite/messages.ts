/** What the log's thread and the writer's thread say to each other. */
import type { Forgetting } from '../port.ts'
import type { NewKind } from './committer.ts'

export type WriterOptions = { readonly directory: string; readonly lockTimeout: number }

export type ToWriter =
  | {
      readonly do: 'commit'
      readonly memory: ArrayBuffer
      readonly units: number
      readonly kinds: readonly NewKind[]
    }
  | { readonly do: 'forget'; readonly number: number; readonly what: Forgetting }
  | { readonly do: 'close' }

/** Why a batch was not written. */
export type Failure = { readonly kind: 'full' | 'unavailable'; readonly message: string }

export type FromWriter =
  | { readonly kind: 'ready'; readonly kinds: readonly NewKind[]; readonly tail: number }
  | { readonly kind: 'refused'; readonly damaged: boolean; readonly message: string }
  | { readonly kind: 'done'; readonly memory: ArrayBuffer; readonly failure: Failure | null }
  | { readonly kind: 'forgot'; readonly number: number; readonly failure: Failure | null }
  | { readonly kind: 'closed' }
