/** What the schema says about itself: every field carries the words that the sample, the reference and the faults use. */
import * as z from 'zod'

export type Note = {
  /** One or two sentences for the person who writes the file. */
  readonly about?: string
  /** The form of a value: `a duration (20s, 5m, 4h, 5d)`. */
  readonly form?: string
  /** A value to show where there is no default, or a better one than the default. */
  readonly example?: unknown
  /** Of a list: an entry beside those that are given, which many want later; the sample has it commented out. */
  readonly offered?: { readonly about: string; readonly entry: unknown }
  /** Why a value has no effect in this release, for `config check`. */
  readonly inert?: string
}

const notes = z.registry<Note>()

/** The note of a schema, or an empty one. */
export const noteOf = (schema: z.core.$ZodType): Note => notes.get(schema) ?? {}

/** A kind of value, described once. */
export const form = <S extends z.ZodType>(schema: S, text: string): S => {
  notes.add(schema, { form: text })
  return schema
}

type About = Note & { readonly about: string }

/** A setting with a default, written as a person would write it. */
export const setting = <S extends z.ZodType>(
  schema: S,
  { byDefault, ...note }: About & { readonly byDefault: z.input<S> },
): z.ZodPrefault<S> => {
  // Zod takes the default for anything undefined; its type does not survive the generic.
  const field: z.ZodPrefault<S> = z.prefault(schema, byDefault as z.core.util.NoUndefined<z.input<S>>)
  notes.add(field, note)
  return field
}

/** A setting that may be left out and then means nothing. */
export const optional = <S extends z.ZodType>(schema: S, note: About): z.ZodOptional<S> => {
  const field = z.optional(schema)
  notes.add(field, note)
  return field
}

/** A setting that must be there. Wrapped, so that the same kind of value can be described twice. */
export const required = <S extends z.ZodType>(schema: S, note: About): z.ZodReadonly<S> => {
  const field = z.readonly(schema)
  notes.add(field, note)
  return field
}

/** A setting's schema without the wrapping, whether it may be left out, and its default as written. */
export type Unwrapped = {
  readonly schema: z.core.$ZodType
  readonly presence: 'required' | 'optional' | 'default'
  readonly byDefault: unknown
}

/** Takes one of `setting`, `optional`, `required` apart again. */
export const unwrap = (field: z.core.$ZodType): Unwrapped => {
  if (field instanceof z.ZodPrefault)
    return { schema: field.def.innerType, presence: 'default', byDefault: field.def.defaultValue }
  if (field instanceof z.ZodOptional)
    return { schema: field.def.innerType, presence: 'optional', byDefault: undefined }
  if (field instanceof z.ZodReadonly)
    return { schema: field.def.innerType, presence: 'required', byDefault: undefined }
  return { schema: field, presence: 'required', byDefault: undefined }
}
