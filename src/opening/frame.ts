/**
 * What a mail says as HTML, as a document for a frame that runs, submits and fetches nothing. The browser is told so by a policy; here goes
 * what no policy holds back: elements that have a name looked up or a connection opened before anything is fetched.
 */
import { honest } from './links.ts'
import type { Parts } from './parts.ts'
import { endOf, tagAt } from './tags.ts'

/** What shows pixels and nothing else. */
const pictures: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
/** Bytes of pictures that are put into one mail. */
const mostPictures = 10 * 1024 * 1024

/** None of them does anything within the policy, or only what nobody should notice. */
const elements = 'script|iframe|frame|frameset|object|embed|applet|base|meta|link|portal'
const unwanted = new RegExp(`^/?(?:${elements})$`)
const anyUnwanted = new RegExp(`<(?=/?(?:${elements})(?![a-z0-9-]))`, 'gi')

/** With what stands in a script. */
const goneAt = (html: string, at: number, name: string): number => {
  const end = endOf(html, at)
  if (name !== 'script') return end
  closing.lastIndex = end
  const found = closing.exec(html)
  return found === null ? html.length : endOf(html, found.index)
}
const closing = /<\/script(?![a-z0-9-])/gi

/** What opens a page opens it beside ours, as `head` says; another target would leave the frame empty. */
const beside = (tag: string): string => tag.replace(/(["'\s])target(?=\s*=)/gi, '$1data-target')
const opening = new Set(['a', 'area', 'form'])

/** As browsers read tags, so that of usual mail nothing is seen of what is left out. */
const without = (html: string): string => {
  const kept: string[] = []
  let from = 0
  for (let at = html.indexOf('<'); at !== -1; ) {
    const name = tagAt(html, at)
    const isUnwanted = unwanted.test(name)
    const next = name === '' ? at + 1 : isUnwanted ? goneAt(html, at, name) : endOf(html, at)
    if (isUnwanted || opening.has(name)) {
      // What stood before it and what stands behind it do not become one.
      kept.push(html.slice(from, at), isUnwanted ? ' ' : beside(html.slice(at, next)))
      from = next
    }
    at = html.indexOf('<', next)
  }
  return `${kept.join('')}${html.slice(from)}`
}

/**
 * Without those elements. What is left that looks like one, where browsers might read tags otherwise than we do (in a comment, a style, an
 * attribute that never ends), becomes text. Both take time in proportion to the length, whatever is in it.
 */
export const harmless = (html: string): string => without(html).replace(anyUnwanted, '&lt;')

const withPictures = (html: string, { told, bytes }: Parts): string => {
  let left = mostPictures
  const known = new Map<string, string>()
  for (const { part, type, contentId } of told.attachments) {
    const octets = bytes.get(part)
    if (contentId === null || octets === undefined || !pictures.has(type) || octets.length > left) continue
    left -= octets.length
    known.set(
      contentId.replace(/^<|>$/g, ''),
      `data:${type};base64,${Buffer.from(octets).toString('base64')}`,
    )
  }
  // RFC 2392 §2
  return html.replace(/\bcid:([^\s"'<>)]{1,250})/gi, (whole, id: string) => known.get(decoded(id)) ?? whole)
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Links open beside the page, which they learn nothing of. */
const head =
  '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light"><base target="_blank"><style>body{margin:16px;font:15px/1.5 system-ui,sans-serif;color:#17212b;background:#fff;overflow-wrap:anywhere}img{max-width:100%}</style></head>'

/** A whole document. */
export const framed = (html: string, parts: Parts): string =>
  `${head}${withPictures(honest(harmless(html)), parts)}`
