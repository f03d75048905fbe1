/** Large bodies under way, held to what memory there is for them: a mail is there several times over while it is read, composed and taken. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../problem.ts'

export type Most = {
  /** Bytes of all bodies, and of those of one caller. */
  readonly all: number
  readonly each: number
}

const usual: Most = { all: 192 * 1024 * 1024, each: 96 * 1024 * 1024 }

export class Burden {
  readonly #most: Most
  readonly #each = new Map<string, number>()
  #all = 0

  constructor(most: Most = usual) {
    this.#most = most
  }

  /** Gives the bytes back when it is called; null where they are too many. */
  take(who: string, bytes: number): (() => void) | null {
    const own = this.#each.get(who) ?? 0
    // One alone is never too large: how large it may be is another question.
    if (this.#all > 0 && this.#all + bytes > this.#most.all) return null
    if (own > 0 && own + bytes > this.#most.each) return null
    this.#all += bytes
    this.#each.set(who, own + bytes)
    return () => {
      this.#all -= bytes
      const left = this.#each.get(who)! - bytes
      if (left > 0) this.#each.set(who, left)
      else this.#each.delete(who)
    }
  }
}

/** Before the body is read. `limit` is the most that it may have, which it is taken to have where it does not say. */
export const bearing =
  (burden: Burden, limit: number) =>
  async ({ headers, caller }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const said = Number(headers['content-length'] ?? limit)
    const release = burden.take(
      caller?.account ?? caller?.name ?? '',
      Math.min(Number.isNaN(said) ? limit : said, limit),
    )
    if (release === null) {
      reply.header('retry-after', 5)
      throw new Problem(503, 'much is being sent at this moment; ask again in a moment')
    }
    reply.raw.once('close', release)
  }
