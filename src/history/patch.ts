/** What changed between two JSON values, as a JSON Patch (RFC 6902). */
import { jsonEqual } from './equal.ts'

export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 6901 §3. */
const pointer = (path: string, key: string | number): string =>
  `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** RFC 6902 has no `undefined`. */
const known = (members: Members): string[] => Object.keys(members).filter((key) => members[key] !== undefined)

const memberPatch = (before: Members, after: Members, path: string): Operation[] => [
  ...known(before)
    .filter((key) => after[key] === undefined)
    .map((key): Operation => ({ op: 'remove', path: pointer(path, key) })),
  ...known(after).flatMap((key): Operation[] =>
    before[key] === undefined
      ? [{ op: 'add', path: pointer(path, key), value: after[key] }]
      : patchBetween(before[key], after[key], pointer(path, key)),
  ),
]

/** Items that went are removed from the end, so that each index is right when its turn comes (RFC 6902 §3). */
const itemPatch = (before: readonly unknown[], after: readonly unknown[], path: string): Operation[] => {
  const shared = Math.min(before.length, after.length)
  const changed = after
    .slice(0, shared)
    .flatMap((item, at) => patchBetween(before[at], item, pointer(path, at)))
  const gone = before
    .slice(shared)
    .map((_, at): Operation => ({ op: 'remove', path: pointer(path, shared + at) }))
    .reverse()
  const come = after
    .slice(shared)
    .map((value, at): Operation => ({ op: 'add', path: pointer(path, shared + at), value }))
  return [...changed, ...gone, ...come]
}

/** The operations that make `after` of `before`; none when they are equal. `path` is the place of both (RFC 6901). */
export const patchBetween = (before: unknown, after: unknown, path = ''): Operation[] => {
  if (before === after || jsonEqual(before, after)) return []
  if (Array.isArray(before) && Array.isArray(after)) return itemPatch(before, after, path)
  if (isMembers(before) && isMembers(after)) return memberPatch(before, after, path)
  return [{ op: 'replace', path, value: after }]
}
