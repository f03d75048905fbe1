/** One request to the collector, and what came of it (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response). */

export type Posted =
  /** `rejected`: so many of them were wrong. */
  | { readonly kind: 'taken'; readonly rejected: number }
  /** Another time; `retryAfter` in milliseconds, where the collector named one. */
  | { readonly kind: 'later'; readonly error: string; readonly retryAfter: number | null }
  /** Never: sent again it would be refused again. */
  | { readonly kind: 'refused'; readonly error: string }

export type Posting = {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Milliseconds for all of it. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** What the specification has sent again. */
const retried: ReadonlySet<number> = new Set([429, 502, 503, 504])
/** Characters of an answer that are looked at. */
const mostAnswer = 64 * 1024

/** Never rejects: what goes wrong is an answer. */
export const post = async ({ endpoint, headers, body, timeout, signal }: Posting): Promise<Posted> => {
  const clock = AbortSignal.timeout(timeout)
  try {
    const answer = await fetch(endpoint, {
      ...{ method: 'POST', body, redirect: 'manual' },
      headers: { ...headers, 'content-type': 'application/json' },
      signal: AbortSignal.any([signal, clock]),
    })
    return judged(answer, await beginningOf(answer))
  } catch (error) {
    return { kind: 'later', error: clock.aborted ? 'timeout' : wordsOf(error as Error), retryAfter: null }
  }
}

const beginningOf = async ({ body }: Response): Promise<string> => {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length > mostAnswer) break
  }
  return text
}

/** Stable and short. */
const wordsOf = ({ name, cause }: Error): string => {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  return code ?? name
}

const judged = ({ status, ok, headers }: Response, text: string): Posted => {
  if (ok) return { kind: 'taken', rejected: rejectedIn(text) }
  const error = `answered ${status}`
  if (!retried.has(status)) return { kind: 'refused', error }
  return { kind: 'later', error, retryAfter: waitAsked(headers.get('retry-after')) }
}

const rejectedIn = (text: string): number => {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: string | number } }
    return Number(partialSuccess?.rejectedSpans ?? 0) || 0
  } catch {
    // Protobuf, or nothing: all is taken.
    return 0
  }
}

/** RFC 9110 §10.2.3: seconds, or a date. */
const waitAsked = (value: string | null): number | null => {
  if (value === null) return null
  const wait = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(wait) && wait > 0 ? wait : null
}
