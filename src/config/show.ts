/** `config show`: the effective values, each with its origin, secrets hidden. */
import { pathText } from './fault.ts'
import type { Loaded, Origin } from './load.ts'
import { formatDuration, formatSize } from './units.ts'

export type Shown = { readonly path: string; readonly value: unknown; readonly origin: Origin }

const credentials = /(:\/\/[^/?#\s:@]*):[^/?#\s]*@/

/** A URL without its password. */
export const withoutSecret = (text: string): string => text.replace(credentials, '$1:***@')

const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Leaf = { readonly path: readonly (string | number)[]; readonly value: unknown }

const leaves = (value: unknown, path: readonly (string | number)[]): Leaf[] => {
  if (isSection(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
  if (Array.isArray(value) && value.some(isSection))
    return value.flatMap((inner, at) => leaves(inner, [...path, at]))
  if (path.at(-1) === 'password' || isHeader(path)) return [{ path, value: '***' }]
  if (typeof value !== 'string') return [{ path, value }]
  return [{ path, value: isReceiver(path) ? withoutToken(withoutSecret(value)) : withoutSecret(value) }]
}

const isReceiver = ([section, , key]: Leaf['path']): boolean => section === 'webhooks' && key === 'url'

/** Receivers know who tells them by what stands in the query, or for a user: `fsmtp webhooks` does not show it either. */
const withoutToken = (url: string): string =>
  url.replace(/\?[^#]*/, '?***').replace(/:\/\/[^/?#:@]*@/, '://***@')

/** What a collector wants to see before it takes anything. */
const isHeader = ([section, key, name]: Leaf['path']): boolean =>
  section === 'telemetry' && key === 'headers' && name !== undefined

/** Every effective value by its path: durations in milliseconds, sizes in bytes, as the program has them. */
export const shownConfig = ({ config, origin }: Loaded): readonly Shown[] =>
  leaves(config, []).map(({ path, value }) => ({
    path: pathText(path),
    value,
    origin: origin(path),
  }))

const durations =
  /(?:Timeout|Pause|Grace|After|Lifetime|\.window|\.timeout|\.per|\.delay|\.lease|\.for)$|^delivery\.retry$|^retention\./
const sizes = /\.(?:messageSize|contentLine)$/

/** A value as a person would write it. */
export const valueText = ({ path, value }: Pick<Shown, 'path' | 'value'>): string => {
  if (value === null) return 'forever'
  if (Array.isArray(value)) return `[${value.map((inner) => valueText({ path, value: inner })).join(', ')}]`
  if (typeof value === 'number' && durations.test(path)) return formatDuration(value)
  if (typeof value === 'number' && sizes.test(path)) return formatSize(value)
  return isSection(value) ? JSON.stringify(value) : String(value)
}
