/** Keys of signatures, asked for once each. */
import { createPublicKey } from 'node:crypto'
import { type Answers, DnsFault, type Resolver } from '../../dns/port.ts'
import { isNothing } from './bounded-resolver.ts'

/** As mailauth calls it. */
export type AskForKey = (name: string) => Promise<readonly (readonly string[])[]>

const longestRecord = 16 * 1024
const keyIn = /(?:^|;)\s*p\s*=([^;]*)/
const isKey = (record: string): boolean => keyIn.test(record)

/** All that are made are 65537 or less. One as long as its modulus makes a look two hundred times as long, ten looks for each mail. */
const largestExponent = 0xffff_ffffn
/** Is read as no key. */
const refused = 'v=DKIM1; p=?'

const exponentOf = (record: string): bigint => {
  const octets = Buffer.from(keyIn.exec(record)?.[1] ?? '', 'base64')
  for (const type of ['spki', 'pkcs1'] as const)
    try {
      return createPublicKey({ key: octets, format: 'der', type }).asymmetricKeyDetails?.publicExponent ?? 0n
    } catch {
      // Of the other form, or of none: the verifier says so.
    }
  return 0n
}
const affordable = (record: string): string => (exponentOf(record) > largestExponent ? refused : record)

/** Of several records at one name nobody knows which is meant (RFC 6376 §3.6.2.2): the same one is taken each time. */
const chosen = (records: Answers['TXT'], asked: string): string[][] => {
  const texts = records.map((strings) => strings.join('')).filter((text) => text.length <= longestRecord)
  const [first] = [...texts.filter(isKey).toSorted(), ...texts.toSorted()]
  if (first === undefined) throw new DnsFault('ENODATA', asked)
  return [[affordable(first)]]
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
