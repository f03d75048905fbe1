import type { FastifyReply } from 'fastify'

/** Ends when the client has gone, or has its answer: nobody waits for it any more. */
export const leaving = ({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal => {
  const gone = new AbortController()
  if (raw.destroyed) gone.abort()
  else raw.once('close', () => gone.abort())
  return gone.signal
}
