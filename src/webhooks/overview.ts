/** How the webhooks of a configuration are, for whoever asks: out of the log, whether or not a server runs. */
import type { Config } from '../config/schema.ts'
import type { LogReader } from '../log/port.ts'
import { type Standing, standingOf, webhookId } from './standing.ts'

export type WebhookState = {
  readonly id: string
  /** Without a password and what is behind the path: receivers have secrets there. */
  readonly url: string
  readonly events: readonly string[]
  /** `new`: no server has begun with it. `waiting`: an event was not taken, and is tried again. `disabled`: the receiver wants no more. */
  readonly state: 'new' | 'telling' | 'waiting' | 'disabled'
  /** Up to which all is known to be told. */
  readonly position: number | null
  /** Events that are not told yet, as far as is written down; counted up to a bound. */
  readonly behind: number
  readonly behindIsMore: boolean
  /** When the first of these was recorded. */
  readonly oldestUnsentAt: string | null
  /** The server that tells. */
  readonly node: string | null
  readonly attempts: number
  readonly failingSince: string | null
  readonly nextAttemptAt: string | null
  readonly error: string | null
}

/** Events behind that are counted. */
const mostCounted = 10_000

type Log = Pick<LogReader, 'readStream' | 'readAll'>
type Hook = Config['webhooks'][number]

export const overview = (log: Log, webhooks: readonly Hook[]): Promise<readonly WebhookState[]> =>
  Promise.all(webhooks.map((hook) => stateOf(log, hook)))

const stateOf = async (log: Log, { url, events }: Hook): Promise<WebhookState> => {
  const standing = await standingOf(log, url)
  const unsent = standing === null ? nothing : await after(log, standing.position, events)
  const { attempts = 0, since = null, nextAttemptAt = null, error = null } = standing?.trouble ?? {}
  return {
    ...{ id: webhookId(url), url: shownUrl(url), events, state: wordOf(standing) },
    ...{ position: standing?.position ?? null, behind: Math.min(unsent.count, mostCounted) },
    ...{
      behindIsMore: unsent.count > mostCounted,
      oldestUnsentAt: isoOf(unsent.since),
      node: standing?.node ?? null,
      attempts,
      error,
    },
    ...{ failingSince: isoOf(since), nextAttemptAt: isoOf(nextAttemptAt) },
  }
}

/** As it is told to those who look. */
export const shownUrl = (url: string): string => {
  const { protocol, host, pathname, username, password, search } = new URL(url)
  // A user without a password may be a key of its own.
  const user = username === '' ? '' : `${password === '' ? '' : `${username}:`}***@`
  return `${protocol}//${user}${host}${pathname}${search === '' ? '' : '?***'}`
}

const wordOf = (standing: Standing | null): WebhookState['state'] => {
  if (standing === null) return 'new'
  if (standing.isDisabled) return 'disabled'
  return standing.trouble === null ? 'telling' : 'waiting'
}

/** `since`: when the first was recorded, milliseconds since 1970. */
type Unsent = { readonly count: number; readonly since: number | null }
const nothing: Unsent = { count: 0, since: null }

const after = async (log: Log, position: number, types: readonly string[]): Promise<Unsent> => {
  let { count, since } = nothing
  for await (const page of log.readAll(position, { filter: { types } })) {
    since ??= page[0]?.at ?? null
    count += page.length
    if (count > mostCounted) break
  }
  return { count, since }
}

const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
