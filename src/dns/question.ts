/** One question to its end: servers in turn, with and without extensions, and what an alias leads to. */
import { randomInt } from 'node:crypto'
import { exchange, Unanswered } from './exchange.ts'
import { query, type Reading, readAnswer } from './messages.ts'
import { wireName } from './names.ts'
import type { DnsCode, RecordType } from './port.ts'
import type { NameServer, NameServers } from './servers.ts'
import { inTurn, type Said } from './turns.ts'

/** How it ended. `ttl` in seconds; null: not said, and after a failure there is none to say. */
export type Outcome =
  | {
      readonly kind: 'found'
      readonly records: readonly unknown[]
      readonly ttl: number
      /** Octets of the message. */
      readonly size: number
    }
  | { readonly kind: 'nothing'; readonly code: 'ENOTFOUND' | 'ENODATA'; readonly ttl: number | null }
  | { readonly kind: 'failed'; readonly code: DnsCode }

export type Question = {
  /** As it stands in a message. */
  readonly name: Buffer
  readonly type: RecordType
  readonly servers: NameServers
  /** Milliseconds, for all of it. */
  readonly timeout: number
  readonly signal: AbortSignal
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

type Read = Exclude<Reading, { kind: 'failed' }> & { readonly size: number }

const codeOf = (error: unknown): DnsCode => {
  if (error instanceof Unanswered) return error.code
  // Of the system: no sockets left, no way there.
  if (error instanceof Error && 'syscall' in error) return 'ECONNREFUSED'
  throw error
}

const askOnce = async (
  server: NameServer,
  { name, type, extended, signal }: Pick<Question, 'name' | 'type' | 'signal'> & { extended: boolean },
): Promise<Said<Read>> => {
  const asked = query({ id: randomInt(0x1_0000), type, name, extended })
  const message = await exchange({ server, query: asked, signal })
  const reading = readAnswer(asked, message)
  return reading.kind === 'failed' ? reading : { kind: 'said', answer: { ...reading, size: message.length } }
}

/** RFC 6891 §7: an old server does not understand the extension, and is asked again without. */
const askServer = async (
  server: NameServer,
  question: Pick<Question, 'name' | 'type' | 'signal'>,
): Promise<Said<Read>> => {
  try {
    const said = await askOnce(server, { ...question, extended: true })
    const isOld = said.kind === 'failed' && (said.code === 'EFORMERR' || said.code === 'ENOTIMP')
    return isOld ? await askOnce(server, { ...question, extended: false }) : said
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) }
  }
}

/** Aliases whose end no message has are followed this often. */
const mostAgain = 8

const further = async (question: Question, again: number): Promise<Outcome> => {
  const { name, type, servers, timeout, signal, now } = question
  const began = now()
  const said = await inTurn({
    ...{ servers, timeout, signal },
    ask: (server, ended) => askServer(server, { name, type, signal: ended }),
  })
  if (said.kind === 'failed') return said
  const { answer } = said
  if (answer.kind === 'nothing') return answer
  if (answer.kind === 'records')
    return { kind: 'found', records: answer.records, ttl: answer.ttl, size: answer.size }
  const target = wireName(answer.target)
  const left = timeout - (now() - began)
  if (target === null || again === mostAgain) return { kind: 'failed', code: 'ESERVFAIL' }
  if (left <= 0) return { kind: 'failed', code: 'ETIMEOUT' }
  const end = await further({ ...question, name: target, timeout: left }, again + 1)
  return end.kind === 'failed' || end.ttl === null ? end : { ...end, ttl: Math.min(end.ttl, answer.ttl) }
}

/** Never rejects. */
export const askToTheEnd = (question: Question): Promise<Outcome> => further(question, 0)
