/** What all shapes have in common. */
import { z } from 'zod'

/** As the house holds values: nobody changes them. */
export type Fixed<Value> = Value extends readonly (infer Item)[]
  ? readonly Fixed<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Fixed<Value[Key]> }
    : Value

/** The values a schema describes. */
export type Shape<Schema extends z.ZodType> = Fixed<z.infer<Schema>>

type Same<One, Other> = [One, Other] extends [Other, One] ? unknown : never

/**
 * A schema of a type that another room has: the type checker refuses a schema that says something else. Called twice, so that the
 * schema's own type is inferred.
 */
export const shapeOf =
  <Value>() =>
  <Schema extends z.ZodType>(schema: Schema & Same<Fixed<z.infer<Schema>>, Fixed<Value>>): Schema =>
    schema

/** ISO 8601, UTC, milliseconds. */
export const time = z.string().meta({ format: 'date-time', example: '2026-01-31T08:30:00.250Z' })
export const id = z
  .string()
  .describe('20 characters and more, sortable by time')
  .meta({ example: '01kdy4z8m20000abcdef' })
export const count = z.int().min(0)
