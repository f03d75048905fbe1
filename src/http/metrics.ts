/** `/metrics`: figures for Prometheus. */
import type { Figures } from './figures.ts'
import type { Part } from './listener.ts'

export const metrics =
  (figures: Pick<Figures, 'text' | 'contentType'>): Part =>
  (app) => {
    app.get('/metrics', { config: { access: 'monitor' } }, async (_, reply) => {
      const text = await figures.text()
      return reply.type(figures.contentType).send(text)
    })
  }
