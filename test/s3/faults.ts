/** What goes wrong, on demand. */
export type Operation =
  | 'HeadBucket'
  | 'HeadObject'
  | 'GetObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'ListObjects'
  | 'CreateUpload'
  | 'UploadPart'
  | 'CompleteUpload'
  | 'AbortUpload'
  | 'ListUploads'

export type Wrong =
  /** An answer, instead of what was asked for. */
  | { readonly status: number; readonly code: string }
  /** No answer, ever. `after`: it is done all the same. */
  | { readonly silent: 'before' | 'after' }
  /** The connection ends instead of an answer. */
  | { readonly drop: 'before' | 'after' }
  /** The body of the answer ends after so many bytes, and the connection with it. */
  | { readonly breakOff: number }
  /** ... or the connection stays, and nothing more comes. */
  | { readonly stall: number }
  /** Milliseconds before anything is done. */
  | { readonly slow: number }
  /** Status 200, and only the body says that it failed: CompleteMultipartUpload does so. */
  | { readonly failedBehind200: string }

type Planned = {
  readonly operation: Operation | 'any'
  readonly wrong: Wrong
  left: number
  readonly happened: () => void
}

export class Faults {
  #planned: Planned[] = []

  /** The next `times` such requests go wrong. Resolves when the first one has come. */
  next(operation: Operation | 'any', wrong: Wrong, times = 1): Promise<void> {
    return new Promise((happened) => this.#planned.push({ operation, wrong, left: times, happened }))
  }

  /** Everything goes right again. */
  end(): void {
    this.#planned = []
  }

  /** For the server: what is to go wrong with this one. */
  take(operation: Operation): Wrong | null {
    const planned = this.#planned.find((one) => one.operation === 'any' || one.operation === operation)
    if (planned === undefined) return null
    if (--planned.left <= 0) this.#planned = this.#planned.filter((one) => one !== planned)
    planned.happened()
    return planned.wrong
  }
}
