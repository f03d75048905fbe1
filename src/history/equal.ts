/** Equality as JSON sees it: `undefined` in an object is as good as absent, and the order of keys does not matter. */

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const sameArrays = (a: readonly unknown[], b: readonly unknown[]): boolean => {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (!jsonEqual(a[at], b[at])) return false
  return true
}

const sameObjects = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean => {
  for (const key in a) if (!jsonEqual(a[key], b[key])) return false
  for (const key in b) if (a[key] === undefined && b[key] !== undefined) return false
  return true
}

export const jsonEqual = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (!isObject(a) || !isObject(b)) return false
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameArrays(a, b)
  return sameObjects(a, b)
}

/** The members in which two objects differ, as each has them: `[{helo: 'a'}, {helo: 'b'}]`; null where one has none. */
export const differences = (
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): [Record<string, unknown>, Record<string, unknown>] => {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => !jsonEqual(a[key], b[key]),
  )
  const pick = (from: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(keys.map((key) => [key, from[key] ?? null]))
  return [pick(a), pick(b)]
}
