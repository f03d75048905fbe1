/** How the webhooks of a configuration are, for whoever asks: out of the log, whether or not a server runs. */
import type { Config } from '../config/schema.ts'
import type { LogReader } from '../log/port.ts'
import type { WebhookState } from '../shapes/webhook.ts'
import { type Standing, standingOf, webhookId } from './standing.ts'

export type { WebhookState }

/** Events behind that are counted. */
const mostCounted = 10_000

type Log = Pick<LogReader, 'readStream' | 'readAll'>
type Hook = Config['webhooks'][number]

export const overview = (log: Log, webhooks: readonly Hook[]): Promise<readonly WebhookState[]> =>
  Promise.all(webhooks.map((hook) => stateOf(log, hook)))

const stateOf = async (log: Log, { url, events }: Hook): Promise<WebhookState> => {
  const standing = await standingOf(log, url)
  const unsent = standing === null ? nothing : await after(log, standing.position, events)
  const { attempts, since, nextAttemptAt, error } = troubleOf(standing, url)
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

type Shown = {
  readonly attempts: number
  readonly since: number | null
  readonly nextAttemptAt: number | null
  readonly error: string | null
}

/** What keeps it, if anything does; of one that wants no more, when it said so, and what makes it go on. */
const troubleOf = (standing: Standing | null, url: string): Shown => {
  if (standing === null || !standing.isDisabled)
    return standing?.trouble ?? { attempts: 0, since: null, nextAttemptAt: null, error: null }
  const { at, refused } = standing
  const to = refused === null ? '' : ` to event ${refused}`
  const error = `answered 410 at ${isoOf(at)}${to}; \`fsmtp webhooks enable ${shownUrl(url)}\` goes on with it`
  return { attempts: 1, since: at, nextAttemptAt: null, error }
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
