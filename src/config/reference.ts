/** The reference of the configuration, in Markdown, made from the schema. */
import { stringify } from 'yaml'
import * as z from 'zod'
import { noteOf, unwrap } from './notes.ts'
import { schema } from './schema.ts'

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: '`true` or `false`',
  number: 'a number',
}

const formOf = (type: z.core.$ZodType): string => {
  const note = noteOf(type).form
  if (note) return note
  if (type instanceof z.ZodEnum) return type.options.map((option) => `\`${option}\``).join(', ')
  if (type instanceof z.ZodArray) return `a list: ${formOf(type.element)}`
  if (type instanceof z.ZodRecord) return `${formOf(type.keyType)}: ${formOf(type.valueType)}`
  if (type instanceof z.ZodObject) return 'a section'
  return kinds[type._zod.def.type] ?? type._zod.def.type
}

const inline = (value: unknown): string =>
  `\`${stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()}\``

const defaultOf = (field: z.core.$ZodType): string => {
  const { presence, byDefault } = unwrap(field)
  if (presence === 'required') return 'must be given'
  const nothing = byDefault === undefined || (Array.isArray(byDefault) && byDefault.length === 0)
  return nothing ? 'none' : inline(byDefault)
}

/** The section or list of sections below a setting, with what its keys begin with. */
const below = (path: string, type: z.core.$ZodType): { path: string; object: z.ZodObject } | null => {
  if (type instanceof z.ZodObject) return { path, object: type }
  if (type instanceof z.ZodPipe) return below(path, type.def.out)
  if (type instanceof z.ZodArray) return below(`${path}[]`, type.element)
  return null
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const rows = (object: z.ZodObject, prefix: string): string[] =>
  Object.entries(object.shape).flatMap(([key, field]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`
    const { about = '', example } = noteOf(field)
    const { schema: inner } = unwrap(field)
    const nested = below(path, inner)
    const shown = nested || example === undefined ? '' : ` Example: ${inline(example)}.`
    const isPlain = inner instanceof z.ZodObject
    const row = [
      `\`${path}\``,
      isPlain ? 'a section' : formOf(inner),
      isPlain ? '' : defaultOf(field),
      about + shown,
    ]
    return [`| ${row.map(cell).join(' | ')} |`, ...(nested ? rows(nested.object, nested.path) : [])]
  })

/** Every setting by its path: form, default, meaning. */
export const configReference = (): string =>
  ['| setting | form | default | what it does |', '|---|---|---|---|', ...rows(schema, ''), ''].join('\n')
