/** How one webhook stands: what the last fact of its stream says. Each of them says all, so that those before it can be forgotten. */
import { hash } from 'node:crypto'
import type {
  FactName,
  WebhookAdvanced,
  WebhookDisabled,
  WebhookFailed,
  WebhookMoved,
} from '../../machines/vocabulary/events.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'

export const category = 'webhook'

/** A webhook is known by its URL, in which there may be secrets: by a hash of it. */
export const webhookId = (url: string): string => hash('sha256', url, 'hex').slice(0, 20)
export const webhookStream = (url: string): string => `${category}-${webhookId(url)}`

export type Trouble = Pick<WebhookFailed, 'attempts' | 'since' | 'nextAttemptAt' | 'error'>

export type Standing = {
  /** Of the stream. */
  readonly revision: number
  /** Milliseconds since 1970: when this was said. */
  readonly at: number
  /** Up to which all is sent. */
  readonly position: number
  /** The server that sends, if it lives; null where none does. */
  readonly node: string | null
  /** The receiver wants no more. */
  readonly isDisabled: boolean
  /** Position of the event that it answered so, where that is known. */
  readonly refused: number | null
  readonly trouble: Trouble | null
}

export type WebhookFact = Extract<FactName, `Webhook${string}`>

/** Null where the event tells nothing of a webhook. */
const standingAfter = ({ type, data, at, revision }: StoredEvent): Standing | null => {
  // What servers and commands append here is what the vocabulary says.
  const { position, node } = data as WebhookAdvanced
  const plain = { revision, at, position, node, isDisabled: false, refused: null, trouble: null }
  switch (type as WebhookFact) {
    case 'WebhookTaken':
    case 'WebhookAdvanced':
      return plain
    case 'WebhookFailed': {
      const { attempts, since, nextAttemptAt, error } = data as WebhookFailed
      return { ...plain, trouble: { attempts, since, nextAttemptAt, error } }
    }
    case 'WebhookDisabled':
      return { ...plain, node: null, isDisabled: true, refused: (data as WebhookDisabled).refused ?? null }
    case 'WebhookAdded':
    case 'WebhookReleased':
    case 'WebhookMoved':
      return { ...plain, position: (data as WebhookMoved).position, node: null }
    default:
      return null
  }
}

/** Null for a webhook that no server has begun with. */
export const standingOf = (log: Pick<LogReader, 'readStream'>, url: string): Promise<Standing | null> =>
  standingIn(log, webhookStream(url))

export const standingIn = async (
  log: Pick<LogReader, 'readStream'>,
  stream: string,
): Promise<Standing | null> => {
  let last: Standing | null = null
  for await (const page of log.readStream(stream))
    for (const event of page) last = standingAfter(event) ?? last
  return last
}
