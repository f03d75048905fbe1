/**
 * The log live (https://html.spec.whatwg.org/multipage/server-sent-events.html). A client that reads too slowly is cut off, and comes back
 * with the position of the last event it has: nothing is kept for it meanwhile, and nothing is lost.
 */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LogReader, StoredEvent } from '../../log/port.ts'
import { frameOf, isHeard, type Listening } from '../../telling/live-events.ts'
import type { Missed } from '../../views/desk/log-questions.ts'
import { Problem } from '../problem.ts'
import { inTurnOf, whoOf } from './in-turn.ts'
import { tailOf } from './tail.ts'

export type Living = {
  readonly log: Pick<LogReader, 'subscribe' | 'tail'>
  readonly listening: Listening
  /** The next of what lies behind a position: told elsewhere, so that a look through the whole log keeps no mail waiting. */
  readonly missed: (after: number) => Promise<Missed>
  /** Position after which it begins. */
  readonly begin: number
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
/** Characters that are told at once. */
const muchToSay = 64 * 1024
const mostClients = 200
/** Of one account, or of one key. */
const mostOfOne = 40
/** Milliseconds a browser waits before it comes back. */
const retry = 2_000

let clients = 0
const ofOne = new Map<string, number>()

/** Gives the place back when it is called. @throws Problem where there is none */
const placeFor = (request: Pick<FastifyRequest, 'caller'>): (() => void) => {
  const who = whoOf(request)
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
  void follow(living, { line, signal: leaving.signal, leave: () => leaving.abort() })
    // The client left, or the log does not answer, which /readyz says: the line ends, and who still listens comes back.
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

/** What is behind somebody, told in pieces. */
const catchUp = async ({ missed, request }: Living, begin: number, telling: Telling): Promise<number> => {
  for (let next = begin; ; ) {
    const { frames, to, isEnd } = await inTurnOf(request, telling.signal, () => missed(next))
    if (!(await request.mayStill())) telling.leave()
    if (telling.signal.aborted) return to
    if (frames !== '') await telling.line.say(frames, telling.signal)
    next = to
    if (isEnd) return next
  }
}

type Telling = { readonly line: Line; readonly signal: AbortSignal; readonly leave: () => void }

const follow = async (living: Living, telling: Telling): Promise<void> => {
  const { log, listening, request } = living
  const { line, signal } = telling
  const tail = tailOf(log)
  await line.say(`retry: ${retry}\n\n`, signal)
  for (let next = living.begin; !signal.aborted; ) {
    if (!tail.has(next) && next < (await log.tail())) next = await catchUp(living, next, telling)
    for await (const page of tail.behind(next, signal)) {
      // Of what was recorded since then nothing is for those who may not ask any more.
      if (!(await request.mayStill())) return
      for (const frames of framesOf(listening, page)) await line.say(frames, signal)
      next = page.at(-1)!.position
    }
  }
}

/** What is heard of a page, no more at once than a line takes. */
function* framesOf(listening: Listening, page: readonly StoredEvent[]): Generator<string> {
  let frames = ''
  for (const event of page) {
    if (!isHeard(listening, event)) continue
    frames += frameOf(listening, event)
    if (frames.length < muchToSay) continue
    yield frames
    frames = ''
  }
  if (frames !== '') yield frames
}
