/** The Web API: all of its rows, and its description. */
import type { Part } from '../listener.ts'
import type { Desk } from '../login/desk.ts'
import { loginRows } from '../login/routes.ts'
import { actRows } from './acts.ts'
import { deliveryRows } from './deliveries.ts'
import { documentOf } from './document.ts'
import type { Endpoint } from './endpoint.ts'
import { eventRows } from './events.ts'
import { htmlRows } from './html.ts'
import { idRows } from './ids.ts'
import { machineRows } from './machines.ts'
import { mailboxRows } from './mailboxes.ts'
import { messageRows } from './messages.ts'
import { partRows } from './parts.ts'
import { queueRows } from './queue.ts'
import { type Document, readable, readablePolicy } from './readable.ts'
import { sendRows } from './send.ts'
import { prefix, serveTable } from './serve.ts'
import { sessionRows } from './sessions.ts'
import { viewRows } from './views.ts'
import { webhookRows } from './webhooks.ts'

const rowsAt = (desk: () => Desk): readonly Endpoint[] => [
  ...loginRows(desk),
  ...messageRows,
  ...partRows,
  ...sendRows,
  ...htmlRows,
  ...sessionRows,
  ...deliveryRows,
  ...actRows,
  ...queueRows,
  ...idRows,
  ...mailboxRows,
  ...machineRows,
  ...eventRows,
  ...viewRows,
  ...webhookRows,
]

/** As they are described; those that are served know who is logged in. */
export const rows: readonly Endpoint[] = rowsAt(() => {
  throw new Error('nobody is served from the description')
})

export const apiDocument = (): object => documentOf(rows, prefix)

export type ApiOptions = {
  /** The data directory. */
  readonly directory: string
  /** As the configuration names them. */
  readonly log: string
  readonly content: string
  /** Asked within a request. */
  readonly desk: () => Desk
}

/** To be served where somebody tells who asks, or where it does not matter. */
export const api = ({ directory, log, content, desk }: ApiOptions): Part => {
  const serve = serveTable({ rows: rowsAt(desk), directory, log, content })
  return (app, house) => {
    serve(app, house)
    let document: string | null = null
    let page: string | null = null
    const toAll = { config: { access: 'account', role: 'look', own: true } } as const
    app.get(`${prefix}/openapi.json`, toAll, (_, reply) => {
      document ??= JSON.stringify(apiDocument())
      return reply.type('application/json; charset=utf-8').send(document)
    })
    for (const near of ['/api', '/api/', '/api/v1', '/api/v1/', '/api/v1/docs'])
      app.get(near, { config: { access: 'anybody' } }, (_, reply) => reply.redirect('/api/docs'))
    app.get('/api/docs', toAll, (_, reply) => {
      // The document is what its type says: it is made beside.
      page ??= readable(apiDocument() as Document)
      return reply
        .header('content-security-policy', readablePolicy)
        .type('text/html; charset=utf-8')
        .send(page)
    })
  }
}
