/** What a mail says, for those who look for a word of it: its texts, subject and author, and the names of what came with it. */
import { parsed } from './parts.ts'
import { spoken } from './spoken.ts'

export type Said = {
  readonly texts: readonly string[]
  /** It says more than that. */
  readonly isCut: boolean
}

/** Characters of a text, of a field and of a name; names of one mail. */
const longestText = 2 * 1024 * 1024
const longestField = 16 * 1024
const longestName = 1_000
const mostNames = 1_000

/** Null where it cannot be read. May take seconds, and memory: to be done on a thread of its own. */
export const saidIn = async (whole: Uint8Array): Promise<Said | null> => {
  const found = await parsed(whole)
  if (found === null) return null
  const { decodeWords } = await import('postal-mime')
  const { mail, headers, sketch } = found
  const { text = '', html = '', attachments } = mail
  const field = (wanted: string): string =>
    decodeWords((headers.find(({ key }) => key === wanted)?.value ?? '').slice(0, longestField))
  const names = attachments.slice(0, mostNames).map(({ filename }) => filename?.slice(0, longestName) ?? '')
  return {
    texts: [
      ...[field('subject'), field('from'), ...names],
      text.slice(0, longestText),
      spoken(html.slice(0, longestText)),
    ],
    isCut:
      sketch.isCut ||
      text.length > longestText ||
      html.length > longestText ||
      attachments.length > mostNames,
  }
}
