/** `/healthz`: the process lives. `/readyz`: it can do its work, or else what is missing. */
import type { Asking } from './access.ts'
import type { Part } from './listener.ts'
import type { Check, Checked, Readiness } from './readiness.ts'

export type HealthOptions = {
  readonly version: string
  readonly readiness: () => Promise<Readiness>
  /** Whether somebody may hear what exactly is wrong: it may name hosts and places. */
  readonly maySeeDetails: (request: Asking) => boolean
}

export const health =
  ({ version, readiness, maySeeDetails }: HealthOptions): Part =>
  (app, house) => {
    app.get('/healthz', { config: { access: 'anybody' } }, () => ({
      ...{ status: 'ok', version, node: house().members.node, uptime: Math.floor(process.uptime()) },
    }))
    app.get('/readyz', { config: { access: 'anybody' } }, async (request, reply) => {
      const found = await readiness()
      reply.code(found.status === 'ready' ? 200 : 503)
      return maySeeDetails(request.raw) ? found : { ...found, checks: withoutDetails(found.checks) }
    })
  }

const withoutDetails = (checks: Readonly<Record<Checked, Check>>): object =>
  Object.fromEntries(Object.entries(checks).map(([name, { ok }]) => [name, { ok, detail: null }]))
