/** What a server tells those who run it, beside the log: lines on standard error, with the ids of what they are about. */

/** Ids, for whoever looks for all that was said of one mail. */
export type About = {
  readonly session?: string
  readonly message?: string
  readonly delivery?: string
  /** What was asked over HTTP, as the description of the API has it. */
  readonly request?: string
}

export type Warn = (what: string, error?: Error, about?: About) => void

/** What happened beside the log: for whoever reads it at night. */
export type Notices = {
  readonly info: (what: string, about?: Readonly<Record<string, unknown>>) => void
  readonly warn: Warn
}
