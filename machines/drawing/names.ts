/** Names of guards and actions, as they stand in a machine's definition. */

type Named = { readonly type: string; readonly params?: unknown }

const isNamed = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

/** JSON whose keys are in order, so that the same parameters give the same text. */
const inOrder = (value: unknown): unknown =>
  typeof value !== 'object' || value === null
    ? value
    : Array.isArray(value)
      ? value.map(inOrder)
      : Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, inOrder(inner)]),
        )

const withParameters = ({ type, params }: Named, at: string): string => {
  if (params === undefined) return type
  if (typeof params === 'function') throw new Error(`${at}: the parameters of ${type} are a function`)
  return `${type}(${JSON.stringify(inOrder(params))})`
}

const nameOf = (value: unknown, what: string, at: string): string => {
  if (typeof value === 'string') return value
  if (isNamed(value)) return withParameters(value, at)
  throw new Error(`${at}: ${what} has no name; give it one in setup() so that it can be drawn`)
}

/** Name of an action at the state `at`. */
export const nameOfAction = (action: unknown, at: string): string =>
  nameOf(action, 'an action', `state "${at}"`)

/** What XState's `and`, `or` and `not` give: a function that carries its parts. */
type Combined = { readonly name: string; readonly guards: readonly unknown[] }

const isCombined = (guard: unknown): guard is Combined =>
  typeof guard === 'function' && 'guards' in guard && Array.isArray(guard.guards)

const combinedName = ({ name, guards }: Combined, at: string): string => {
  const parts = guards.map((guard) => nameOfGuard(guard, at))
  return name === 'not' ? `not ${parts[0]}` : `(${parts.join(` ${name} `)})`
}

/** Name of a guard at the state `at`, `(a and not b)` for combined ones, null where none is asked. */
export const nameOfGuard = (guard: unknown, at: string): string | null => {
  if (guard === undefined) return null
  return isCombined(guard) ? combinedName(guard, at) : nameOf(guard, 'a guard', `state "${at}"`)
}
