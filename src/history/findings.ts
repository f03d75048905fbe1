/** What `verify` may find wrong, one kind each, and its summary. */

/** The machine, asked again, did something else than the log says. */
export type Diverged = {
  readonly kind: 'diverged'
  readonly stream: string
  readonly revision: number
  /** What the log says; only the parts that differ. */
  readonly expected: unknown
  /** What the machine did. */
  readonly got: unknown
}
/** The stream can be read, and not understood: an unknown input, a missing policy. */
export type Undecodable = {
  readonly kind: 'undecodable'
  readonly stream: string
  readonly revision: number
  readonly detail: string
}
export type UnknownVersion = {
  readonly kind: 'unknownVersion'
  readonly stream: string
  readonly revision: number
  readonly detail: string
}
/** The log itself is not what was written, at this position. */
export type Damaged = { readonly kind: 'damaged'; readonly position: number; readonly detail: string }
/** A body is missing, or is not the one that came in. */
export type WrongContent = {
  readonly kind: 'content'
  readonly message: string
  readonly position: number
  readonly detail: string
}
/** A recipient that was accepted, and whose mail is nowhere. */
export type Unaccounted = {
  readonly kind: 'unaccounted'
  readonly message: string
  readonly recipient: string
  readonly detail: string
}
/** A view that does not hold what the log holds, and will not by itself. */
export type WrongView = {
  readonly kind: 'view'
  readonly view: string
  readonly position: number
  readonly detail: string
}
export type StreamFinding = Diverged | Undecodable | UnknownVersion
export type Finding = StreamFinding | Damaged | WrongContent | Unaccounted | WrongView

/** Numbers of one run. `ok`, `diverged`, `undecodable` and `unknownVersion` count streams. */
export type Summary = {
  readonly streams: number
  readonly transitions: number
  readonly ok: number
  readonly diverged: number
  readonly undecodable: number
  readonly unknownVersion: number
  readonly messages: number
  /** Accepted recipients that are in no mailbox, no delivery and no refusal notice. */
  readonly unaccounted: number
  /** Places at which the log is damaged. */
  readonly damaged: number
  /** Messages whose body is missing or changed. */
  readonly contentFaults: number
  /** Messages whose body a file was written without: no fault. */
  readonly unchecked: number
  /** Views that stopped, or know more than the log. */
  readonly views: number
  readonly ms: number
}

export const isSound = ({
  diverged,
  undecodable,
  unknownVersion,
  unaccounted,
  damaged,
  contentFaults,
  views,
}: Summary): boolean =>
  diverged + undecodable + unknownVersion + unaccounted + damaged + contentFaults + views === 0

/** One line for a person. */
export const findingText = (finding: Finding): string => {
  switch (finding.kind) {
    case 'diverged':
      return `${finding.stream}: diverged at revision ${finding.revision}: expected ${JSON.stringify(finding.expected)}, got ${JSON.stringify(finding.got)}`
    case 'undecodable':
      return `${finding.stream}: undecodable at revision ${finding.revision}: ${finding.detail}`
    case 'unknownVersion':
      return `${finding.stream}: unknown machine version: ${finding.detail}`
    case 'damaged':
      return finding.position === 0
        ? `the log is damaged beside its events: ${finding.detail}`
        : `the log is damaged at position ${finding.position}: ${finding.detail}`
    case 'content':
      return `message ${finding.message} (position ${finding.position}): ${finding.detail}`
    case 'view':
      return `view ${finding.view} (position ${finding.position}): ${finding.detail}`
    case 'unaccounted':
      if (finding.message === '') return finding.detail
      return `message ${finding.message}: recipient ${finding.recipient} is unaccounted for: ${finding.detail}`
  }
}
