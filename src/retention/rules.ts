/** What a configuration says is kept no longer, as ages. */

export type RetentionConfig = {
  readonly sessions: number | null
  readonly refusedSessions?: number | null | undefined
  readonly content: number | null
}

/** Milliseconds after which something may be forgotten; null: never. */
export type Ages = {
  /** Sessions without mail. */
  readonly sessions: number | null
  /** Of these, the ones in which something was refused. */
  readonly refusedSessions: number | null
  /** Bodies. */
  readonly content: number | null
}

export const agesOf = ({ sessions, refusedSessions, content }: RetentionConfig): Ages => ({
  ...{ sessions, content },
  refusedSessions: refusedSessions === undefined ? sessions : refusedSessions,
})

export const keepsEverything = ({ sessions, refusedSessions, content }: Ages): boolean =>
  sessions === null && refusedSessions === null && content === null

const hour = 3_600_000

/** How often to look: nothing is kept for much more than a twentieth longer than it must be. Milliseconds. */
export const periodOf = ({ sessions, refusedSessions, content }: Ages): number => {
  const shortest = Math.min(sessions ?? Infinity, refusedSessions ?? Infinity, content ?? Infinity)
  return Math.min(hour, Math.max(1_000, Math.round(shortest / 20)))
}
