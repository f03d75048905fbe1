/** What is in the log, as the outside sees it. */
import type { StoredEvent } from '../log/port.ts'
import type { Event } from './event.ts'

/** As `--json` prints it. */
export const eventShape = (stored: StoredEvent): Event => {
  const { position, id, stream, revision, type, version, data, meta } = stored
  const at = new Date(stored.at).toISOString()
  return { position, id, stream, revision, type, version, at, data, meta: { at, ...meta } }
}

const secrets: ReadonlySet<string> = new Set(['password', 'secret', 'hash', 'token'])

/** Nothing for the eyes of others: hashes of passwords stay in the log. */
export const withoutSecrets = (data: StoredEvent['data']): StoredEvent['data'] =>
  Object.keys(data).some((key) => secrets.has(key))
    ? Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, secrets.has(key) ? '(hash)' : value]),
      )
    : data
