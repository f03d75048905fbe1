/** The schema's complaints in words a person can act on. */
import type * as z from 'zod'
import { noteOf, unwrap } from './notes.ts'

/** Edits between two words (Levenshtein), for finding what was meant. */
const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const swap = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[other.length]!
}

/** The known word that `word` was most likely meant to be, or null when none is near. */
export const nearest = (word: string, known: readonly string[]): string | null => {
  const away = (name: string) => distance(word.toLowerCase(), name.toLowerCase())
  const ranked = known.map((name) => ({ name, away: away(name) })).sort((a, b) => a.away - b.away)
  const best = ranked[0]
  if (!best || best.away > Math.max(2, Math.floor(word.length / 3))) return null
  return best.away < word.length ? best.name : null
}

/** All paths of settings below an object: `limits.messageSize`. Lists and free keys are not entered. */
const settingsBelow = (schema: z.core.$ZodType, prefix: string): string[] => {
  const inner = unwrap(schema).schema
  if (!('shape' in inner._zod.def)) return [prefix]
  return Object.entries(inner._zod.def.shape as z.core.$ZodShape).flatMap(([key, field]) =>
    settingsBelow(field, prefix === '' ? key : `${prefix}.${key}`),
  )
}

/** What to say about an unknown key: the nearest one beside it, or the same word where it belongs. */
export const unknownKey = (key: string, beside: z.core.$ZodType, whole: z.core.$ZodType): string => {
  const shape = 'shape' in beside._zod.def ? (beside._zod.def.shape as z.core.$ZodShape) : {}
  const near = nearest(key, Object.keys(shape))
  const elsewhere = settingsBelow(whole, '').find((path) => path.endsWith(`.${key}`))
  const meant = near ?? elsewhere
  if (meant) return `unknown key; did you mean ${meant}?`
  return `unknown key; known here: ${Object.keys(shape).join(', ')}`
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a section with keys of its own',
  array: 'a list',
  record: 'a section',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
}

const wanted = (issue: z.core.$ZodRawIssue): string => {
  if (issue.code === 'invalid_value') return `one of ${(issue.values as unknown[]).join(', ')}`
  // The registry takes checks too, though they have no notes.
  const note = issue.inst && '_zod' in issue.inst ? noteOf(issue.inst as z.core.$ZodType) : {}
  return note.form ?? kinds[String(issue.expected)] ?? 'given'
}

const shown = (input: unknown): string =>
  typeof input === 'object' && input !== null ? (Array.isArray(input) ? 'a list' : 'a section') : `'${input}'`

const meantValue = (issue: z.core.$ZodRawIssue): string => {
  if (issue.code !== 'invalid_value' || typeof issue.input !== 'string') return ''
  const near = nearest(issue.input, (issue.values as unknown[]).map(String))
  return near ? `; did you mean ${near}?` : ''
}

/** One sentence for an issue; undefined where the schema has said it already. */
export const issueText = (issue: z.core.$ZodRawIssue): string | undefined => {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_union':
    case 'invalid_value':
      if (issue.input === undefined) return `is missing; it must be ${wanted(issue)}`
      return `must be ${wanted(issue)}, not ${shown(issue.input)}${meantValue(issue)}`
    case 'too_small':
      return issue.origin === 'array' ? 'must have at least one entry' : `must be at least ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}`
    case 'invalid_key':
      return (issue.issues as { message: string }[])[0]?.message
    default:
      return undefined
  }
}
