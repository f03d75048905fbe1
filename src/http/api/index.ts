/** The Web API: all of its rows, and its description. */
import type { Part } from '../listener.ts'
import { deliveryRows } from './deliveries.ts'
import { documentOf } from './document.ts'
import type { Endpoint } from './endpoint.ts'
import { eventRows } from './events.ts'
import { htmlRows } from './html.ts'
import { machineRows } from './machines.ts'
import { messageRows } from './messages.ts'
import { queueRows } from './queue.ts'
import { prefix, serveTable } from './serve.ts'
import { sessionRows } from './sessions.ts'
import { viewRows } from './views.ts'

export const rows: readonly Endpoint[] = [
  ...messageRows,
  ...htmlRows,
  ...sessionRows,
  ...deliveryRows,
  ...queueRows,
  ...machineRows,
  ...eventRows,
  ...viewRows,
]

export const apiDocument = (): object => documentOf(rows, prefix)

export type ApiOptions = {
  /** The data directory. */
  readonly directory: string
}

/** To be served where somebody tells who asks, or where it does not matter. */
export const api = ({ directory }: ApiOptions): Part => {
  const serve = serveTable({ rows, directory })
  return (app, house) => {
    serve(app, house)
    let document: string | null = null
    app.get(`${prefix}/openapi.json`, { config: { access: 'account', role: 'look' } }, (_, reply) => {
      document ??= JSON.stringify(apiDocument())
      return reply.type('application/json; charset=utf-8').send(document)
    })
  }
}
