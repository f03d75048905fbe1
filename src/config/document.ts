/** A YAML file as values that remember where they were written. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { type Environment, fillIn } from './environment.ts'
import type { Fault, Path } from './fault.ts'

export type Place = { readonly line: number; readonly column: number }

export type Document = {
  /** Plain values, the environment's words in their places; what was left empty (`limits:`) is left out. */
  readonly value: unknown
  /** Faults of the syntax, double keys among them, and what the environment should have. */
  readonly faults: readonly Fault[]
  has(path: Path): boolean
  /** Where the value at `path` is written, or its key where it has one; the nearest thing around it if it is not there. */
  locate(path: Path): Place
}

type Step = { readonly node: Node; readonly start: number }

const stepInto = (node: Node, step: string | number): Step | null => {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
    if (!pair || !isScalar(pair.key)) return null
    const start = pair.key.range?.[0] ?? 0
    return { node: isNode(pair.value) ? pair.value : pair.key, start }
  }
  const item = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined
  return isNode(item) ? { node: item, start: item.range?.[0] ?? 0 } : null
}

const withoutEmpty = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutEmpty(inner)]))
}

type Read = { readonly value: unknown; readonly fault: Pick<Fault, 'path' | 'message'> | null }

/** Aliases of aliases can stand for more than any memory holds, and one inside its own anchor for something without end. */
const readValue = (parsed: ReturnType<typeof parseDocument>): Read => {
  try {
    return { value: withoutEmpty(parsed.toJS({ maxAliasCount: mostAliases }) ?? {}), fault: null }
  } catch (error) {
    if (!(error instanceof ReferenceError) && !(error instanceof RangeError)) throw error
    const message = 'too many aliases, or an alias inside what it stands for; write the values out'
    return { value: {}, fault: { path: [], message } }
  }
}
const mostAliases = 100

/** The parser's own words for a document too deep for it say nothing of the document. */
const messageOf = ({ message }: Error): string =>
  message.includes('call stack') ? 'too many values inside each other' : message

/** Reads `text`; `file` is the name that faults carry. */
export const readDocument = (
  text: string,
  file: string,
  environment: Environment = process.env,
): Document => {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const faults = [...parsed.errors, ...parsed.warnings].map(
    (fault): Fault => ({ file, ...placeOf(fault.pos[0]), path: [], message: messageOf(fault) }),
  )
  const follow = (path: Path): { whole: boolean; start: number } => {
    let node: Node | null = parsed.contents
    let start = node?.range?.[0] ?? 0
    let found = 0
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(parsed) ?? null
      const next: Step | null = node ? stepInto(node, step) : null
      if (!next) break
      node = next.node
      start = next.start
      found++
    }
    const empty = isScalar(node) && node.value === null
    return { whole: found === path.length && !empty, start }
  }
  const read = faults.length > 0 ? { value: {}, fault: null } : readValue(parsed)
  const filled = fillIn(read.value, environment)
  const unfilled = filled.faults.map(
    (fault): Fault => ({ file, ...placeOf(follow(fault.path).start), ...fault }),
  )
  const unread = read.fault === null ? [] : [{ ...read.fault, file, ...placeOf(0) }]
  return {
    value: filled.value,
    faults: [...faults, ...unread, ...unfilled],
    has: (path) => follow(path).whole,
    locate: (path) => placeOf(follow(path).start),
  }
}
