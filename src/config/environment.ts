/**
 * `${NAME}` in the values of a configuration stands for what the environment has under that name, `${NAME:-otherwise}` for
 * `otherwise` where it has nothing, so that servers of one kind share a file and secrets stay out of it. `$${` is a dollar
 * and a brace.
 */
import type { Path } from './fault.ts'

export type Environment = Readonly<Record<string, string | undefined>>
type Missing = { readonly path: Path; readonly message: string }
export type Filled = { readonly value: unknown; readonly faults: readonly Missing[] }

const placeholder = /\$\$\{|\$\{([^}]*)\}/g
const shape = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/** What stands for one placeholder, or why nothing does. The environment's words are never repeated in a fault. */
const lookUp = (inside: string, environment: Environment): { value: string } | { wrong: string } => {
  const [, name, otherwise] = shape.exec(inside) ?? []
  if (name === undefined)
    return {
      wrong: `'\${${inside}}' names no variable; write \${NAME} or \${NAME:-otherwise}, and $\${ for a dollar before a brace`,
    }
  const value = environment[name]
  if (otherwise !== undefined) return { value: value ? value : otherwise }
  if (value !== undefined) return { value }
  return { wrong: `the environment has no ${name}; set it, or write \${${name}:-otherwise}` }
}

const fillText = (text: string, path: Path, environment: Environment): Filled => {
  const faults: Missing[] = []
  const value = text.replaceAll(placeholder, (found: string, inside: string | undefined) => {
    if (inside === undefined) return found.slice(1)
    const looked = lookUp(inside, environment)
    if ('value' in looked) return looked.value
    faults.push({ path, message: looked.wrong })
    return found
  })
  return { value, faults }
}

/** `value` with every placeholder in its texts filled in, and every one that could not be. Keys stay as they are. */
export const fillIn = (value: unknown, environment: Environment, path: Path = []): Filled => {
  if (typeof value === 'string') return fillText(value, path, environment)
  if (typeof value !== 'object' || value === null) return { value, faults: [] }
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  const filled = entries.map(([key, inner]) => [key, fillIn(inner, environment, [...path, key])] as const)
  const faults = filled.flatMap(([, one]) => one.faults)
  if (Array.isArray(value)) return { value: filled.map(([, one]) => one.value), faults }
  return { value: Object.fromEntries(filled.map(([key, one]) => [key, one.value])), faults }
}
