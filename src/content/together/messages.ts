/**
 * What the thread that keeps bodies and the one that writes them say to each other. Bodies travel in one piece of memory,
 * transferred, one behind the other; `sizes` says where each ends.
 */
export type ToWriter =
  | {
      readonly do: 'keep'
      readonly memory: ArrayBuffer
      readonly bodies: readonly [id: string, size: number][]
    }
  | { readonly do: 'remove'; readonly ids: readonly string[] }
  | { readonly do: 'close' }

export type FromWriter =
  /** For each body, whether it was written now. */
  | { readonly kind: 'kept'; readonly fresh: readonly boolean[] }
  | { readonly kind: 'removed' }
  | { readonly kind: 'failed'; readonly full: boolean; readonly message: string }
