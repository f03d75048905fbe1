/**
 * What a mail says as HTML, to be shown in a frame. It comes from strangers: nothing in it runs, submits, leads away or is fetched, whatever
 * it tries. The browser is told so for this very answer (Content-Security-Policy with `sandbox`), so that it holds also for who opens it
 * by itself. Pictures that came with the mail are put into it; those from elsewhere, which tell their sender who reads when, only when asked for.
 */

import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, yes } from './fields.ts'
import { messagePartsOf } from './messages.ts'
import type { Parts } from './parts.ts'

/** What shows pixels and nothing else. */
const pictures: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
/** Bytes of pictures that are put into one mail. */
const mostPictures = 10 * 1024 * 1024

const policy = (remote: boolean): string =>
  [
    "default-src 'none'",
    `img-src data:${remote ? ' https: http:' : ''}`,
    `style-src 'unsafe-inline'${remote ? ' https: http:' : ''}`,
    ...(remote ? ['font-src https: http:', 'media-src https: http:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ].join('; ')

/** Elements that the policy makes harmless anyway; without them the mail looks as it will, and nothing is asked of a name server. */
const elements = 'script|iframe|frame|frameset|object|embed|applet|base|meta|link|portal'
const opened = new RegExp(`<\\s*(?:${elements})\\b[^>]*>`, 'gi')
const closed = new RegExp(`<\\s*/\\s*(?:${elements})\\s*>`, 'gi')
const scripts = /<\s*script\b[^>]*>[\s\S]*?<\s*\/\s*script\s*>/gi

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
  `${head}${withPictures(html.replace(scripts, '').replace(opened, '').replace(closed, ''), parts)}`

const shown = endpoint({
  ...{ method: 'GET', path: '/messages/{id}/html', name: 'getMessageHtml', tag: 'Messages', role: 'look' },
  about:
    'What it says as HTML, for a frame: without scripts, forms and anything from elsewhere, in a sandbox of its own',
  params: { id: idIn('The message’s id') },
  query: { remote: yes('Pictures, styles and fonts from elsewhere are fetched by the browser') },
  answers: { 200: { about: 'A document', media: { 'text/html': 'Safe to be shown' } } },
  problems: {
    404: 'There is no such message, or it says nothing as HTML',
    410: 'Its content was removed, as retention asks',
    413: 'It is too large to be taken apart here; get it raw',
  },
  answer: async ({ params: { id }, query: { remote = false }, rooms, house, reply }) => {
    const parts = await messagePartsOf(rooms, house, id)
    if (parts.told.html === null) throw new Problem(404, `message ${id} says nothing as HTML`)
    return reply
      .headers({ 'content-security-policy': policy(remote), 'x-dns-prefetch-control': 'off' })
      .type('text/html; charset=utf-8')
      .send(framed(parts.told.html, parts))
  },
})

export const htmlRows: readonly Endpoint[] = [shown]
