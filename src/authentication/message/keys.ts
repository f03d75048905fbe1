/** Keys of signatures, asked for once each. */
import { type Answers, DnsFault, type Resolver } from '../../dns/port.ts'
import { isNothing } from './bounded-resolver.ts'

/** As mailauth calls it. */
export type AskForKey = (name: string) => Promise<readonly (readonly string[])[]>

const longestRecord = 16 * 1024
const isKey = (record: string): boolean => /(?:^|;)\s*p\s*=/.test(record)

/** Of several records at one name nobody knows which is meant (RFC 6376 §3.6.2.2): the same one is taken each time. */
const chosen = (records: Answers['TXT'], asked: string): string[][] => {
  const texts = records.map((strings) => strings.join('')).filter((text) => text.length <= longestRecord)
  const [first] = [...texts.filter(isKey).toSorted(), ...texts.toSorted()]
  if (first === undefined) throw new DnsFault('ENODATA', asked)
  return [[first]]
}

export class Keys {
  readonly #resolver: Resolver
  readonly #asked = new Map<string, ReturnType<AskForKey>>()
  /** Whether there was no answer for one of them: neither a key nor that there is none. */
  unanswered = false

  constructor(resolver: Resolver) {
    this.#resolver = resolver
  }
  readonly ask: AskForKey = (name) => {
    const known = this.#asked.get(name) ?? this.#find(name)
    this.#asked.set(name, known)
    return known
  }
  /** Begins to ask, so that the answer is there when the content is. */
  expect(name: string): void {
    this.ask(name).catch(() => undefined)
  }

  async #find(name: string): Promise<string[][]> {
    const asked = `TXT of ${name}`
    if (name.length > 253) throw new DnsFault('ENOTFOUND', asked)
    try {
      return chosen(await this.#resolver.resolve(name, 'TXT'), asked)
    } catch (error) {
      if (!isNothing(error)) this.unanswered = true
      throw error
    }
  }
}
