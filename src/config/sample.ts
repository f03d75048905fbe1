/** `config sample` and the file that `init` writes: commented YAML, made from the schema. */
import { stringify } from 'yaml'
import type * as z from 'zod'
import { type Note, noteOf, unwrap } from './notes.ts'
import { schema } from './schema.ts'

type Values = Readonly<Record<string, unknown>>

const isSection = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shapeOf = (type: z.core.$ZodType): z.core.$ZodShape | null =>
  'shape' in type._zod.def ? (type._zod.def.shape as z.core.$ZodShape) : null

/** Words broken at about 100 characters, each line a comment; those behind the first one hang by so much. */
const comment = (text: string, indent: string, hang = ''): string[] => {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!
    if (last.length + word.length < 100) lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line, at) => `${indent}# ${at === 0 ? '' : hang}${line}`)
}

/** Lists of small sections read best with one on each line, in braces. */
const listed = (list: readonly unknown[]): string => list.map((entry) => `- ${flow(entry)}`).join('\n')
const flow = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()

const written = (key: string, value: unknown, indent: string): string[] => {
  if (!Array.isArray(value) || value.length === 0 || !value.some(isSection))
    return [`${indent}${key}: ${flow(value)}`]
  return [
    `${indent}${key}:`,
    ...listed(value)
      .split('\n')
      .map((line) => `${indent}  ${line}`),
  ]
}

const off = (lines: readonly string[], indent: string): string[] =>
  lines.map((line) => `${indent}# ${line.slice(indent.length)}`)

/** Of a list of sections: what each of them may have, with its words. */
const elementShape = (type: z.core.$ZodType): z.core.$ZodShape | null => {
  const { def } = type._zod
  return 'element' in def ? shapeOf(unwrap(def.element as z.core.$ZodType).schema) : null
}
const parts = (type: z.core.$ZodType, indent: string): string[] =>
  Object.entries(elementShape(type) ?? {}).flatMap(([key, field]) => {
    const { about = '' } = noteOf(field)
    const { byDefault } = unwrap(field)
    const otherwise = isNothing(byDefault) ? '' : ` Default: ${flow(byDefault)}.`
    return comment(`- ${key}: ${about}${otherwise}`, indent, '  ')
  })

/**
 * One setting: its words, then its value, commented out when it only repeats the default. A section's name stays, so that
 * one line below it can be uncommented alone.
 */
const entry = (key: string, field: z.core.$ZodType, values: Values, indent: string): string[] => {
  const note = noteOf(field)
  const { schema: inner, byDefault } = unwrap(field)
  const shape = shapeOf(inner)
  const given = values[key]
  const words = [...comment(note.about ?? '', indent), ...parts(inner, indent)]
  if (shape)
    return [...words, `${indent}${key}:`, ...section(shape, isSection(given) ? given : {}, `${indent}  `)]
  if (given !== undefined)
    return [...words, ...written(key, given, indent), ...offeredBeside(note, `${indent}  `)]
  return [...words, ...off(written(key, isNothing(byDefault) ? note.example : byDefault, indent), indent)]
}

/** What many want beside what is given: to be uncommented. */
const offeredBeside = ({ offered }: Note, indent: string): string[] =>
  offered === undefined
    ? []
    : [...comment(offered.about, indent), ...off([`${indent}${listed([offered.entry])}`], indent)]

/** A default that shows nothing: the example says more. */
const isNothing = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

const section = (shape: z.core.$ZodShape, values: Values, indent: string): string[] =>
  Object.entries(shape).flatMap(([key, field]) => entry(key, field, values, indent))

const head = [
  '# FSMTP configuration. What is commented out shows the default, or an example where there is none.',
  '# Paths are seen from the folder of this file. `fsmtp config check` says what is wrong with it.',
]

const exampleOf = (key: keyof typeof schema.shape): unknown => {
  const field = schema.shape[key]
  return noteOf(field).example ?? unwrap(field).byDefault
}

/** What the sample sets: enough to receive mail for example.org. */
const sampleValues: Values = {
  hostname: exampleOf('hostname'),
  listeners: exampleOf('listeners'),
  domains: exampleOf('domains'),
}

/** The commented file with `values` set, as they would be written; without `values` a sample for example.org. */
export const configSample = (values: Values = sampleValues): string => {
  const blocks = Object.entries(schema.shape).map(([key, field]) => entry(key, field, values, '').join('\n'))
  return `${[head.join('\n'), ...blocks].join('\n\n')}\n`
}
