/**
 * The log live (https://html.spec.whatwg.org/multipage/server-sent-events.html). A client that reads too slowly is cut off, and comes back
 * with the position of the last event it has: nothing is kept for it meanwhile, and nothing is lost.
 */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LogReader, ReadFilter, StoredEvent } from '../../log/port.ts'
import { Problem } from '../problem.ts'

export type Living = {
  readonly log: LogReader
  readonly filter: ReadFilter
  readonly isWanted: (event: StoredEvent) => boolean
  /** Position after which it begins. */
  readonly begin: number
  readonly shown: (event: StoredEvent) => object
  /** Logins end and keys are removed while somebody listens. */
  readonly request: Pick<FastifyRequest, 'raw' | 'caller' | 'mayStill'>
  readonly reply: Pick<FastifyReply, 'raw' | 'header' | 'send'>
  /** Milliseconds after which a client that takes nothing is let go. */
  readonly patience?: number
  /** Milliseconds between two signs of life. */
  readonly heartbeat?: number
}

/** For those in between who close what is silent. */
const usualHeartbeat = 15_000
const usualPatience = 20_000
/** Bytes that wait for one client. */
const mostWaiting = 256 * 1024
const mostClients = 200
/** Of one account, or of one key. */
const mostOfOne = 40
/** Milliseconds a browser waits before it comes back. */
const retry = 2_000

let clients = 0
const ofOne = new Map<string, number>()

/** Gives the place back when it is called. @throws Problem where there is none */
const placeFor = ({ caller }: Pick<FastifyRequest, 'caller'>): (() => void) => {
  const who = caller === null || caller.kind === 'playground' ? null : `${caller.kind} ${caller.name}`
  const own = who === null ? 0 : (ofOne.get(who) ?? 0)
  if (clients >= mostClients || own >= mostOfOne)
    throw new Problem(503, 'so many follow the log already that there is no place; ask again in a moment')
  clients++
  if (who !== null) ofOne.set(who, own + 1)
  return () => {
    clients--
    if (who === null) return
    const left = ofOne.get(who)! - 1
    if (left > 0) ofOne.set(who, left)
    else ofOne.delete(who)
  }
}

/** Writes, and waits while the client does not take it. */
class Line {
  readonly stream = new PassThrough({ highWaterMark: mostWaiting })
  readonly #leave: () => void
  readonly #patience: number

  constructor(leave: () => void, patience: number) {
    this.#leave = leave
    this.#patience = patience
  }

  async say(text: string, signal: AbortSignal): Promise<void> {
    if (this.stream.destroyed || this.stream.write(text)) return
    const clock = setTimeout(this.#leave, this.#patience)
    await once(this.stream, 'drain', { signal }).finally(() => clearTimeout(clock))
  }
}

const frame = (event: StoredEvent, shown: Living['shown']): string =>
  `id: ${event.position}\nevent: ${event.type}\ndata: ${JSON.stringify(shown(event))}\n\n`

export const live = (living: Living): FastifyReply => {
  const leave = placeFor(living.request)
  const leaving = new AbortController()
  const line = new Line(() => leaving.abort(), living.patience ?? usualPatience)
  const beat = setInterval(async () => {
    if (!(await living.request.mayStill())) leaving.abort()
    else if (!line.stream.writableEnded && line.stream.writableLength < mostWaiting)
      line.stream.write(':\n\n')
  }, living.heartbeat ?? usualHeartbeat)
  living.request.raw.once('close', () => leaving.abort())
  living.reply.raw.once('close', () => leaving.abort())
  void follow(living, line, leaving.signal)
    .catch(() => {})
    .finally(() => {
      leave()
      clearInterval(beat)
      leaving.abort()
      // Who did not read in time gets no more of what waits for him.
      if (line.stream.writableLength > 0) line.stream.destroy()
      else line.stream.end()
    })
  return living.reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('x-accel-buffering', 'no')
    .send(line.stream)
}

const follow = async (
  { log, filter, isWanted, begin, shown, request }: Living,
  line: Line,
  signal: AbortSignal,
): Promise<void> => {
  await line.say(`retry: ${retry}\n\n`, signal)
  for await (const page of log.subscribe(begin, { filter, signal })) {
    // Of what was recorded since then nothing is for those who may not ask any more.
    if (!(await request.mayStill())) return
    for (const event of page) {
      if (signal.aborted) return
      if (isWanted(event)) await line.say(frame(event, shown), signal)
    }
  }
}
