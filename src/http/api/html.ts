/**
 * What a mail says as HTML, to be shown in a frame. It comes from strangers: nothing in it runs, submits, leads away or is fetched, whatever
 * it tries. The browser is told so for this very answer (Content-Security-Policy with `sandbox`), so that it holds also for who opens it
 * by itself. Pictures that came with the mail are put into it; those from elsewhere, which tell their sender who reads when, only when asked for.
 */

import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, yes } from './fields.ts'
import { openedMessage } from './parts.ts'

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

const shown = endpoint({
  ...{ method: 'GET', path: '/messages/{id}/html', name: 'getMessageHtml', tag: 'Messages', role: 'look' },
  summary: 'Shows a message’s HTML, made safe for a frame',
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
  answer: async ({ params: { id }, query: { remote = false }, ...came }) => {
    const html = await openedMessage(came, { id, job: { kind: 'html' } })
    if (html === null) throw new Problem(404, `message ${id} says nothing as HTML`)
    return came.reply
      .headers({ 'content-security-policy': policy(remote), 'x-dns-prefetch-control': 'off' })
      .type('text/html; charset=utf-8')
      .send(html)
  },
})

export const htmlRows: readonly Endpoint[] = [shown]
