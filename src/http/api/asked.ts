/** What came, held against what may come: in words that tell what to do. */
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { nearest } from '../../config/words.ts'
import { Problem } from '../problem.ts'

type Fields = Readonly<Record<string, z.ZodType>>

const forms: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** Where a schema has no words of its own: what is missing, or is something else, and what it should be. */
const wordsFor = ({ code, expected, input, keys }: z.core.$ZodRawIssue): string | undefined => {
  if (code === 'unrecognized_keys' && Array.isArray(keys))
    return `there is no field ${keys.join(', ').slice(0, 60)}`
  if (code !== 'invalid_type') return undefined
  const form = forms[String(expected)] ?? String(expected)
  return input === undefined ? `is missing: give ${form}` : `must be ${form}`
}

/** At the very first fault. @throws Problem */
const read = (schema: z.ZodType, value: unknown, what: string): unknown => {
  const found = schema.safeParse(value, { error: wordsFor })
  if (found.success) return found.data
  const [issue] = found.error.issues
  const place = issue === undefined || issue.path.length === 0 ? '' : `.${issue.path.join('.')}`
  throw new Problem(400, `${what}${place}: ${issue?.message ?? 'is not as it should be'}`)
}

/** @throws Problem for a parameter that is not known, or given twice */
export const queryOf = (
  fields: Fields,
  { query }: Pick<FastifyRequest, 'query'>,
): Record<string, unknown> => {
  const given = query as Readonly<Record<string, unknown>>
  const known = Object.keys(fields)
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) throw new Problem(400, unknownText(name, known))
    if (Array.isArray(value)) throw new Problem(400, `${name} is given twice`)
  }
  return Object.fromEntries(known.map((name) => [name, read(fields[name]!, given[name], name)]))
}

const unknownText = (name: string, known: readonly string[]): string => {
  const shown = name.slice(0, 60)
  const near = nearest(name.slice(0, 60).replaceAll('-', ''), known)
  if (near !== null) return `there is no parameter ${shown}; did you mean ${near}?`
  return known.length === 0
    ? `there is no parameter ${shown}; this takes none`
    : `there is no parameter ${shown}; there are ${known.join(', ')}`
}

export const paramsOf = (
  fields: Fields,
  { params }: Pick<FastifyRequest, 'params'>,
): Record<string, unknown> => {
  const given = params as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, read(schema, given[name], name)]),
  )
}

export const bodyOf = (schema: z.ZodType | undefined, { body }: Pick<FastifyRequest, 'body'>): unknown => {
  if (schema === undefined) return undefined
  if (body === undefined || body === null) throw new Problem(400, 'the request has no body')
  return Buffer.isBuffer(body) ? body : read(schema, body, 'body')
}
