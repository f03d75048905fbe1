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

/** A flag to look for, and whether it stands on what is looked for. */
export type FlagAsked = { readonly name: string; readonly stands: boolean }

export const flagAskedForms =
  'seen, unseen, flagged, unflagged, answered, unanswered, draft, undraft, or a keyword such as $Junk'

/** `unseen`, `\\Flagged`, `$Junk`; null for what is no flag. */
export const flagAsked = (typed: string): FlagAsked | null => {
  const [, no, name] = /^(un)?\\?(\w+)$/i.exec(typed) ?? []
  const known = name === undefined ? null : flagOf(`\\${name}`)
  if (known !== null) return { name: known, stands: no === undefined }
  const keyword = flagOf(typed)
  return keyword === null ? null : { name: keyword, stands: true }
}
