/** Points in time and numbers as people type them. */
import { InvalidArgumentError } from 'commander'
import { momentForms, momentOf } from '../moment.ts'

const given = (text: string, end: 'first' | 'last'): number => {
  const at = momentOf(text, end)
  if (at === null) throw new InvalidArgumentError(momentForms)
  return at
}

/** Milliseconds since 1970 for `--since`. @throws InvalidArgumentError */
export const since = (text: string): number => given(text, 'first')
/** Milliseconds since 1970 for `--until`, `--as-of`. @throws InvalidArgumentError */
export const until = (text: string): number => given(text, 'last')

/** A positive whole number for `--limit`. @throws InvalidArgumentError */
export const count = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('give a whole number above 0')
  return Number(text)
}
