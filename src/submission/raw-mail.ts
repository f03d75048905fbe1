/** A file that is sent as it is, but for what others are not to see (RFC 5322 §3.6.3). */

export type Raw = {
  readonly content: Buffer
  /** Names of the fields that were taken out, as they were written. */
  readonly removed: readonly string[]
}

/** RFC 5322 §3.6.3, §3.6.6; a space before the colon was allowed once (§4.5). */
const concealed = /^((?:resent-)?bcc)[ \t]*:/i
/** A line with its end; servers may take a bare CR or LF for one. */
const lines = /[^\r\n]*(?:\r\n|\r|\n|$)/y

/** Lines of the header, each with its end, and where the body begins. */
const headerOf = (text: string): { readonly header: readonly string[]; readonly end: number } => {
  const header: string[] = []
  lines.lastIndex = 0
  while (lines.lastIndex < text.length) {
    const end = lines.lastIndex
    const [line] = lines.exec(text)!
    if (/^[\r\n]/.test(line)) return { header, end }
    header.push(line)
  }
  return { header, end: text.length }
}

/** The mail without its `Bcc` and `Resent-Bcc` fields; every other byte stays. */
export const withoutBcc = (content: Buffer): Raw => {
  const text = content.toString('latin1')
  const { header, end } = headerOf(text)
  const removed: string[] = []
  let isConcealed = false
  const kept = header.filter((line) => {
    // RFC 5322 §2.2.3: a line that begins with a space goes on with the field before it.
    if (/^[ \t]/.test(line)) return !isConcealed
    const name = concealed.exec(line)?.[1]
    isConcealed = name !== undefined
    if (name !== undefined) removed.push(name)
    return !isConcealed
  })
  if (removed.length === 0) return { content, removed }
  return { content: Buffer.concat([Buffer.from(kept.join(''), 'latin1'), content.subarray(end)]), removed }
}
