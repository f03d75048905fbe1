/** Everything that goes wrong is told in one shape: `application/problem+json` (RFC 9457 §3). */
import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { About } from '../notices.ts'

export const problemType = 'application/problem+json; charset=utf-8'

/** To be thrown by whoever cannot do what was asked, for a reason that the client may know. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  /** What it is about, for the log: of a fault of ours. */
  readonly about: About
  /** The session in which a mail was refused. */
  readonly session: string | undefined
  constructor(status: number, detail: string, about: About & { readonly session?: string } = {}) {
    super(detail)
    this.status = status
    this.about = about
    this.session = about.session
  }
}

export type ProblemBody = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  /** RFC 9457 §3.2: an extension. Of a mail that was refused: where it is told what was said. */
  readonly session?: string
}

/** RFC 9457 §4.2.1: without a type of its own a problem is what its status says. */
export const problemBody = (status: number, detail?: string, session?: string): ProblemBody => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  ...(detail !== undefined && { detail }),
  ...(session !== undefined && { session }),
})

export const sendProblem = (
  reply: FastifyReply,
  status: number,
  detail?: string,
  session?: string,
): FastifyReply =>
  reply
    .code(status)
    .type(problemType)
    .send(problemBody(status, detail, session))

/** What a client may know of an error: of ours nothing but that there was one. */
export const problemOf = (error: unknown): Pick<ProblemBody, 'status' | 'detail' | 'session'> => {
  if (error instanceof Problem) {
    const { status, message, session } = error
    return { status, detail: message, ...(session !== undefined && { session }) }
  }
  const status = statusOf(error)
  return status < 500 && error instanceof Error ? { status, detail: error.message } : { status }
}

const statusOf = (error: unknown): number => {
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown }
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500
}
