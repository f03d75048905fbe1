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
  constructor(status: number, detail: string, about: About = {}) {
    super(detail)
    this.status = status
    this.about = about
  }
}

export type ProblemBody = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
}

/** RFC 9457 §4.2.1: without a type of its own a problem is what its status says. */
export const problemBody = (status: number, detail?: string): ProblemBody => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  ...(detail !== undefined && { detail }),
})

export const sendProblem = (reply: FastifyReply, status: number, detail?: string): FastifyReply =>
  reply.code(status).type(problemType).send(problemBody(status, detail))

/** What a client may know of an error: of ours nothing but that there was one. */
export const problemOf = (error: unknown): { readonly status: number; readonly detail?: string } => {
  if (error instanceof Problem) return { status: error.status, detail: error.message }
  const status = statusOf(error)
  return status < 500 && error instanceof Error ? { status, detail: error.message } : { status }
}

const statusOf = (error: unknown): number => {
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown }
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500
}
