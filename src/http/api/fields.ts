/** Parameters that several lists have in common; texts become what a question needs. */
import { z } from 'zod'
import { momentForms, momentOf } from '../../moment.ts'

const longest = 1_000

export const text = (about: string) =>
  z
    .string()
    .min(1, 'is empty')
    .max(longest, `is longer than ${longest} characters`)
    // To SQL a pattern ends there, and the rest of it would stand for anything.
    .refine((typed) => !typed.includes('\0'), 'has a NUL in it')
    .describe(about)

const moment = (end: 'first' | 'last', about: string) =>
  text(`${about}: a date, a time (UTC unless it says otherwise), or how long ago: 2h, 7d`).transform(
    (typed, context) => {
      const at = momentOf(typed, end)
      if (at === null) context.addIssue({ code: 'custom', message: momentForms })
      return at ?? 0
    },
  )
export const since = (about: string) => moment('first', about).optional()
export const until = (about: string) => moment('last', about).optional()

/** Digits of a whole number. */
const whole = (about: string, { least, most }: { readonly least: number; readonly most: number }) =>
  z
    .string()
    .transform((typed, context) => {
      const value = /^\d{1,15}$/.test(typed) ? Number(typed) : Number.NaN
      if (value >= least && value <= most) return value
      context.addIssue({ code: 'custom', message: `give a whole number from ${least} to ${most}` })
      return z.NEVER
    })
    .describe(about)
    .meta({ type: 'integer', minimum: least, maximum: most })

const anyPosition = { least: 0, most: Number.MAX_SAFE_INTEGER }
export const position = (about: string) => whole(about, anyPosition).optional()

export const yes = (about: string) =>
  z
    .enum(['true', 'false'], 'give true or false')
    .transform((typed) => typed === 'true')
    .describe(about)
    .meta({ type: 'boolean', enum: undefined })
    .optional()

/** Of every list. */
export const paging = {
  limit: whole('So many at most', { least: 1, most: 500 }).meta({ default: 50 }).optional(),
  cursor: text('`next` of the page before; the filters stay the same').optional(),
  position: position('Answer once this position of the log is in the views'),
}
export const usualLimit = 50

/** Ids as they are given out; whatever else is asked for is not there. */
export const idIn = (about: string) => z.string().max(longest, 'is too long').describe(about)
