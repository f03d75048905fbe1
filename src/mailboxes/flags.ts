/** Flags of messages in mailboxes, as IMAP knows them. */

// RFC 9051 §2.3.2
const system = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft']
/** RFC 9051 §9 flag-keyword: an atom. */
const keyword = /^[A-Za-z0-9$!#&'+,./:;<=>?@^_`|~-]{1,64}$/
const most = 32

/** As it is written: system flags in their own capitals. Null for what is no flag. */
export const flagOf = (typed: string): string | null => {
  if (!typed.startsWith('\\')) return keyword.test(typed) ? typed : null
  return system.find((flag) => flag.toLowerCase() === typed.toLowerCase()) ?? null
}

export const flagForms = `one of ${system.join(', ')}, or a keyword of letters, digits and signs`

export type FlagChange = {
  /** All of them, instead of those that stand on it. */
  readonly flags?: readonly string[] | undefined
  readonly add?: readonly string[] | undefined
  readonly remove?: readonly string[] | undefined
}

const without = (flags: readonly string[], gone: readonly string[]): readonly string[] => {
  // RFC 9051 §2.3.2: keywords are compared without regard to case.
  const names = new Set(gone.map((flag) => flag.toLowerCase()))
  return flags.filter((flag) => !names.has(flag.toLowerCase()))
}

/** What stands on it then, each once; null where these are too many. */
export const changed = (
  before: readonly string[],
  { flags = before, add = [], remove = [] }: FlagChange,
): readonly string[] | null => {
  const all: string[] = []
  for (const flag of [...without(flags, remove), ...add]) if (without([flag], all).length > 0) all.push(flag)
  return all.length > most ? null : all
}
