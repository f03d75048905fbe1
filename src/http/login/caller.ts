/** Who asks, and how much they may. */

/** Each may what those before it may. `look`: reads. `act`: sends, flags, retries, cancels. `administer`: everything else. */
export const roles = ['look', 'act', 'administer'] as const
export type Role = (typeof roles)[number]

export const includes = (role: Role, wanted: Role): boolean => roles.indexOf(role) >= roles.indexOf(wanted)

export type Caller = {
  readonly kind: 'playground' | 'account' | 'key'
  /** Of the account or the key. */
  readonly name: string
  readonly role: Role
  /** The account whose mail, and what concerns it, is all that there is for the caller; null: everything. */
  readonly account: string | null
  /** The id of the login; null without one. */
  readonly login: string | null
}

/** Anybody who reaches a playground: it listens on loopback only. */
export const playgroundCaller: Caller = {
  ...{ kind: 'playground', name: 'playground', role: 'administer' },
  ...{ account: null, login: null },
}
