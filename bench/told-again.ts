/**
 * Lives told again and again, of others and at other times: each is lived once by its machine, with words to be replaced in what it says
 * (`{sender}`) and times that count from one moment, and every telling is what the server would have written of that one.
 */
import type { MachineModule } from '../machines/vocabulary/machine.ts'
import { ActorHost } from '../src/actors/host.ts'
import { Outbox } from '../src/actors/outbox.ts'
import { openMemoryLog } from '../src/log/memory.ts'
import { type Append, type EventKind, kindOf, type NewEvent, type StoredEvent } from '../src/log/port.ts'

export const node = 'mx.bench.example'
/** The moment from which times in a life to be told again count. */
export const moment = 1_700_000_000_000

export type Said = { readonly input: { readonly type: string }; readonly line?: string }
export type Lived = {
  readonly id: string
  readonly policy: object
  readonly said: readonly Said[]
  readonly end: string
}

/** What differs from event to event; the rest of `meta` is the constant part. */
const particular = new Set(['dialogue', '$causationId'])
const metaOf = (meta: StoredEvent['meta'], isParticular: boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(meta).filter(([key]) => particular.has(key) === isParticular && key !== '$correlationId'),
  )

/** Pieces of text, and between them words to be replaced, and times. */
type Slot = { readonly word: string } | { readonly after: number }
type Mould = { readonly pieces: readonly string[]; readonly slots: readonly Slot[] }

const slot = /\{(\w+)\}|\b(17\d{11})\b/
const slotOf = (word: string | undefined, time: string | undefined): Slot =>
  word === undefined ? { after: Number(time) - moment } : { word }

const mouldOf = (text: string): Mould => {
  const parts = text.split(slot)
  const pieces = parts.filter((_, at) => at % 3 === 0) as string[]
  const slots = pieces.slice(1).map((_, at) => slotOf(parts[at * 3 + 1], parts[at * 3 + 2]))
  return { pieces, slots }
}

/** What each `{word}` stands for: text that needs no escape in JSON. */
export type Words = Readonly<Record<string, string>>

const cast = ({ pieces, slots }: Mould, words: Words, time: number): string => {
  let text = pieces[0]!
  for (let at = 0; at < slots.length; at += 1) {
    const one = slots[at]!
    text += 'word' in one ? words[one.word] : String(time + one.after)
    text += pieces[at + 1]!
  }
  return text
}

type Told = { readonly kind: EventKind; readonly data: Mould; readonly dialogue: Mould | null }

export class Tale {
  readonly #category: string
  readonly #told: readonly Told[]

  private constructor(category: string, told: readonly Told[]) {
    this.#category = category
    this.#told = told
  }

  /** @throws Error where the machine does not come to the end that is expected */
  static async of(module: MachineModule, { id, policy, said, end }: Lived): Promise<Tale> {
    const log = openMemoryLog()
    const outbox = new Outbox({ log })
    const failure = Promise.withResolvers<never>()
    const host = new ActorHost({
      ...{ module, id, input: { policy }, outbox, node, perform: () => {}, passed: () => {} },
      failed: failure.reject,
    })
    for (const { input, line } of said) host.send(input, line === undefined ? {} : { dialogue: `C: ${line}` })
    await Promise.race([outbox.settled(), failure.promise])
    if (host.state !== end) throw new Error(`${host.stream} came to ${host.state}, not to ${end}`)
    const events: StoredEvent[] = []
    for await (const page of log.readAll(0)) events.push(...page)
    await log.close()
    return new Tale(module.category, events.map(toldOf))
  }

  /** As it was at `time`, its events 20 ms apart. */
  again(
    id: string,
    words: Words,
    { time, newEventId }: { time: number; newEventId: (at: number) => string },
  ): Append {
    const events = this.#told.map(({ kind, data, dialogue }, step): NewEvent => {
      const at = time + step * 20
      const event = { id: newEventId(at), kind, at, data: JSON.parse(cast(data, words, time)) as object }
      return dialogue === null ? event : { ...event, meta: { dialogue: cast(dialogue, words, time) } }
    })
    return { stream: `${this.#category}-${id}`, expected: -1, events }
  }
}

const toldOf = ({ type, version, data, meta }: StoredEvent): Told => {
  const { dialogue } = metaOf(meta, true)
  return {
    kind: kindOf(type, version, metaOf(meta, false)),
    data: mouldOf(JSON.stringify(data)),
    dialogue: dialogue === undefined ? null : mouldOf(dialogue),
  }
}
