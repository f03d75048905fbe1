/**
 * Tells one webhook what is recorded: one event after the other, the next when the one before was taken. How far it is stands in the log, so that
 * any server can go on; the expected revision sees to it that two do not go on at once.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { newEventId, now } from '../actors/identity.ts'
import { asError } from '../as-error.ts'
import { type EventLog, kindOf, type StoredEvent, WrongRevision } from '../log/port.ts'
import type { Membership } from '../nodes/index.ts'
import { eventShape, withoutSecrets } from '../shapes/event-shape.ts'
import { version } from '../version.ts'
import { pauseAfter } from './backoff.ts'
import { shownUrl } from './overview.ts'
import { Post, type Posted } from './post.ts'
import type { Hook } from './secrets.ts'
import { signed } from './signing.ts'
import { type Standing, standingOf, type WebhookFact, webhookId, webhookStream } from './standing.ts'

export type SenderParts = {
  readonly hook: Hook
  readonly log: EventLog
  readonly members: Pick<Membership, 'node' | 'isAlive' | 'others'>
  readonly warn: (what: string, error?: Error) => void
  readonly info: (what: string) => void
  /** From 0 to 1. */
  readonly chance?: () => number
  /** When a webhook that has nothing to be told goes on in the log nevertheless: after so many milliseconds, past so many events. */
  readonly skipping?: { readonly after: number; readonly events: number }
}

/** It is written down how far all is sent after so many events, or so many milliseconds: after a crash no more than that is sent again. */
const saveAfter = 100
const saveWithin = 2_000
/** Milliseconds. Who asks for what hardly ever happens would have all the rest read again whenever somebody asks how far he is. */
const longestSkip = 600_000
const usualSkipping = { after: 60_000, events: 10_000 }
/** Words of its own that a webhook's stream keeps, and how often it is looked at. */
const wordsKept = 20
/** Milliseconds between two looks whether another server is gone; and after a fault of the log. */
const lookEvery = 1_000
/** Milliseconds that the last event has when the server stops. */
const lastAnswer = 1_000
/** Failures in a row, after which whoever reads the notices hears of it; and then so many times more. */
const complainAfter = new Set([1, 5, 10, 20, 50, 100, 200, 500, 1000])

/** Events sent, each try counted: those the receiver took, and those it did not. */
export type WebhookCounts = {
  readonly id: string
  /** As it may be shown. */
  readonly url: string
  readonly taken: number
  readonly refused: number
}

export class Sender {
  readonly #parts: SenderParts
  readonly #stream: string
  readonly #post = new Post()
  readonly #stopping = new AbortController()
  /** The POST under way is given up. */
  readonly #hurrying = new AbortController()
  readonly #over: Promise<void>
  #round = new AbortController()
  #standing: Standing | null = null
  /** Up to which all is sent, and how many of that are not written down. */
  #position = 0
  #unsaved = 0
  #savedAt = 0
  #taken = 0
  #refusals = 0

  constructor(parts: SenderParts) {
    this.#parts = parts
    this.#stream = webhookStream(parts.hook.url)
    this.#over = this.#run()
  }

  get hook(): Hook {
    return this.#parts.hook
  }

  get counts(): WebhookCounts {
    const { url } = this.hook
    return { id: webhookId(url), url: shownUrl(url), taken: this.#taken, refused: this.#refusals }
  }

  /** Somebody has said something of a webhook: what others say of this one is looked at. */
  hear({ stream, type, data }: StoredEvent): void {
    const isOwn = type !== 'WebhookMoved' && data.node === this.#parts.members.node
    if (stream === this.#stream && !isOwn) this.#round.abort()
  }

  /** Ends when the event under way is answered, or after a moment. `release`: it is in no configuration here any more. */
  async stop({ release = false }: { readonly release?: boolean } = {}): Promise<void> {
    this.#stopping.abort()
    this.#round.abort()
    const clock = setTimeout(() => this.#hurrying.abort(), lastAnswer)
    await this.#over
    clearTimeout(clock)
    this.#post.close()
    if (release && this.#standing?.node === this.#parts.members.node)
      await this.#say('WebhookReleased').catch((error) =>
        this.#parts.warn('a webhook could not be given back', asError(error)),
      )
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#round = new AbortController()
      try {
        await this.#goOn()
      } catch (error) {
        // Another server, or a command, was first: what it said holds.
        if (error instanceof WrongRevision) continue
        this.#parts.warn(`the webhook ${this.#name()} cannot go on; it is tried again`, asError(error))
        await this.#rest(lookEvery)
      }
    }
  }

  async #goOn(): Promise<void> {
    const { log, hook, members } = this.#parts
    const standing = await standingOf(log, hook.url)
    this.#standing = standing
    this.#position = standing?.position ?? (await log.tail())
    if (standing === null) return this.#say('WebhookAdded')
    if (standing.isDisabled) return this.#rest(Number.POSITIVE_INFINITY)
    if (!this.#mayHave(standing)) return this.#rest(lookEvery)
    if (standing.node !== members.node) return this.#say('WebhookTaken')
    const wait = (standing.trouble?.nextAttemptAt ?? 0) - now()
    if (wait > 0) await this.#rest(wait)
    if (!this.#round.signal.aborted) await this.#tell()
  }

  /** It is ours, nobody's, or of a server that is gone. */
  #mayHave({ node }: Standing): boolean {
    const { members } = this.#parts
    if (!members.isAlive()) return false
    return node === null || node === members.node || members.others()?.includes(node) === false
  }

  /** Until something fails, or somebody says otherwise. */
  async #tell(): Promise<void> {
    const { log, hook } = this.#parts
    const { signal } = this.#round
    const pages = log
      .subscribe(this.#position, { filter: { types: hook.events }, signal })
      [Symbol.asyncIterator]()
    this.#savedAt = performance.now()
    try {
      let next = pageOf(pages)
      for (;;) {
        const milliseconds = this.#unsaved === 0 ? this.#skipping.after : saveWithin
        const page = await within(next, { milliseconds })
        if (page === null) await (this.#unsaved === 0 ? this.#skip() : this.#save())
        else if (page.done) return
        else {
          if (!(await this.#tellAll(page.value))) return
          next = pageOf(pages)
        }
      }
    } finally {
      // One that waits for the log ends when its signal says so.
      this.#round.abort()
      await pages.return?.()
      if (this.#unsaved > 0) await this.#save()
    }
  }

  get #skipping(): NonNullable<SenderParts['skipping']> {
    return this.#parts.skipping ?? usualSkipping
  }

  /** Past events that nobody asked for, where there are many of them. */
  async #skip(): Promise<void> {
    const { log, hook } = this.#parts
    const tail = await log.tail()
    if (tail - this.#position < this.#skipping.events * (log.spacing ?? 1)) return
    const { signal } = this.#round
    const wanted = log.readAll(this.#position, { filter: { types: hook.events }, limit: 1 })
    const pages = wanted[Symbol.asyncIterator]()
    const found = await within(pageOf(pages), { milliseconds: longestSkip, signal })
    void pages.return?.().catch(() => {})
    // Nothing is there, and what was read goes at least as far as the tail of before.
    if (found?.done !== true || signal.aborted) return
    this.#position = tail
    await this.#save()
  }

  /** False when it is over for now. */
  async #tellAll(events: readonly StoredEvent[]): Promise<boolean> {
    for (const event of events) {
      if (this.#round.signal.aborted || !this.#parts.members.isAlive()) return false
      const posted = await this.#send(event)
      if (posted.kind !== 'taken') {
        await this.#refused(posted, event.position)
        return false
      }
      this.#taken++
      this.#position = event.position
      this.#unsaved++
      if (this.#standing?.trouble != null) this.#parts.info(`the webhook ${this.#name()} takes events again`)
      const isDue = this.#unsaved >= saveAfter || performance.now() - this.#savedAt > saveWithin
      if (isDue || this.#standing?.trouble != null) await this.#save()
    }
    return true
  }

  #send(stored: StoredEvent): Promise<Posted> {
    const { hook } = this.#parts
    const body = JSON.stringify(eventShape({ ...stored, data: withoutSecrets(stored.data) }))
    const headers = {
      ...{ 'content-type': 'application/json', 'user-agent': `fsmtp/${version}` },
      ...signed({ id: stored.id, body }, { secrets: hook.secrets, now: Date.now() }),
    }
    return this.#post.send({
      ...{ url: hook.url, headers, body, timeout: hook.timeout },
      signal: this.#hurrying.signal,
    })
  }

  async #refused(posted: Exclude<Posted, { readonly kind: 'taken' }>, refused: number): Promise<void> {
    // It was we who broke off.
    if (this.#hurrying.signal.aborted) return
    this.#refusals++
    if (posted.kind === 'gone') {
      this.#parts.warn(
        `the webhook ${this.#name()} wants no more (410): nothing is sent to it until \`fsmtp webhooks enable\``,
      )
      return this.#say('WebhookDisabled', { reason: 'gone', refused })
    }
    const { attempts = 0, since = now() } = this.#unsaved > 0 ? {} : (this.#standing?.trouble ?? {})
    const { chance = Math.random } = this.#parts
    const wait = pauseAfter(attempts + 1, { retryAfter: posted.retryAfter, chance: chance() })
    if (complainAfter.has(attempts + 1))
      this.#parts.warn(
        `the webhook ${this.#name()} takes no events (${posted.error}); it is tried again, and nothing is lost`,
      )
    await this.#say('WebhookFailed', {
      ...{ attempts: attempts + 1, since, nextAttemptAt: now() + Math.round(wait), error: posted.error },
    })
  }

  #save(): Promise<void> {
    return this.#say('WebhookAdvanced')
  }

  /** Everything that is said says how far it is. @throws WrongRevision; what the log throws */
  async #say(type: WebhookFact, more: object = {}): Promise<void> {
    const { log, hook, members } = this.#parts
    const at = now()
    const data = { webhook: webhookId(hook.url), node: members.node, position: this.#position, ...more }
    const event = { id: newEventId(at), kind: kindOf(type, 1, { node: members.node }), at, data }
    const expected = this.#standing?.revision ?? -1
    this.#unsaved = 0
    await log.append([{ stream: this.#stream, expected, events: [event] }])
    this.#savedAt = performance.now()
    this.#standing = {
      ...{ revision: expected + 1, at, position: this.#position, node: members.node },
      ...{ isDisabled: false, refused: null, trouble: null },
    }
    if ((expected + 1) % wordsKept === 0) this.#forgetOldWords(expected + 1)
  }

  /** Only the last one matters; what could not be forgotten now is forgotten the next time. */
  #forgetOldWords(revision: number): void {
    const { log, warn } = this.#parts
    const beginning = { stream: this.#stream, before: revision - 1 }
    if (revision > wordsKept)
      log
        .forget({ beginnings: [beginning] })
        .catch((error) => warn('earlier words of a webhook could not be forgotten', asError(error)))
  }

  /** Without what may be secret in a URL. */
  #name(): string {
    const { origin, pathname } = new URL(this.#parts.hook.url)
    return `${origin}${pathname}`
  }

  /** Until the time is over, or somebody else has said something. */
  async #rest(milliseconds: number): Promise<void> {
    const { signal } = this.#round
    if (signal.aborted) return
    const longest = 2 ** 31 - 1
    await pause(Math.min(milliseconds, longest), undefined, { signal, ref: false }).catch(() => {})
  }
}

type Pages = AsyncIterator<readonly StoredEvent[]>

/** Nobody may be left to hear that it failed. */
const pageOf = (pages: Pages): ReturnType<Pages['next']> => {
  const next = pages.next()
  next.catch(() => {})
  return next
}

/** Null where it does not come in time, or when somebody has said something else meanwhile. */
const within = async <Value>(
  wanted: Promise<Value>,
  { milliseconds, signal }: { readonly milliseconds: number; readonly signal?: AbortSignal },
): Promise<Value | null> => {
  const over = new AbortController()
  const ending = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal])
  const clock = pause(milliseconds, null, { signal: ending, ref: false }).catch(() => null)
  return Promise.race([wanted, clock]).finally(() => over.abort())
}
