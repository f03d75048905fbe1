/** A message taken apart, as the API tells it. */
import type { z } from 'zod'
import type { parts } from '../../shapes/message.ts'

export type MessageParts = z.infer<typeof parts>

/** Rows of the list of parts: what it says counts, too. */
export const countOf = ({ text, html, attachments }: MessageParts): number =>
  [text, html].filter((one) => one !== null).length + attachments.length

/** Hosts that a mail's HTML would fetch something from, as far as a look can tell. */
export const strangersIn = (html: string): readonly string[] => {
  const found = html.matchAll(
    /(?:src|srcset|background|poster|url\(|@import)[\s="'(]*(https?:)?\/\/([^/"'\s)>?#]+)/gi,
  )
  return [...new Set([...found].map(([, , host]) => host!.toLowerCase()))]
}
