/**
 * Mail that leaves, for a torture of deliveries: clients that send without end and remember what they were promised, and what the
 * far host is to do with each recipient, which stands in its address.
 */
import { hash } from 'node:crypto'
import { acceptedAs, greeted, send } from '../client.ts'
import type { Behaviour } from '../journeys/far-host.ts'
import type { ChildServer } from '../server.ts'
import type { Chance } from './chance.ts'

export const sender = 'ann@example.org'
export const domains = ['one.example', 'two.example', 'three.example', 'four.example']

/**
 * `plain`: one recipient, who is taken. `refused`: two, one of whom is refused, while the other is taken or has to wait; some of
 * these come from the null sender, who is told nothing.
 */
export type RoundKind = 'plain' | 'refused'

/** What we were promised: a mail under its mark. */
export type Promised = { readonly message: string; readonly recipients: readonly string[] }

export const isRefused = (address: string): boolean => address.startsWith('nobody-')
const isLate = (address: string): boolean => address.startsWith('later-')

/** Refuses some for good; defers some once. */
export const farRecipients = (): NonNullable<Behaviour['recipient']> => {
  const asked = new Set<string>()
  return (address) => {
    if (isRefused(address)) return '550 5.1.1 Nobody of that name'
    if (!isLate(address) || asked.has(address)) return null
    asked.add(address)
    return '451 4.7.1 Later'
  }
}

export class Load {
  /** By mark. */
  readonly acknowledged = new Map<string, Promised>()
  readonly #chance: Chance
  #count = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  /** Sends mail after mail until the server is gone. */
  async client(server: ChildServer, kind: RoundKind): Promise<void> {
    const line = await greeted(server.port('mx'))
    await line.say(`XCLIENT LOGIN=${sender}`)
    await line.say('EHLO client.example')
    for (;;) {
      const mark = hash('sha256', `${this.#count++}`, 'hex').slice(0, 16)
      const recipients = this.#recipients(mark, kind)
      const from = kind === 'refused' && this.#chance.next() < 0.2 ? '' : sender
      const content = `Subject: torture\r\nX-Mark: ${mark}\r\n\r\n${'x'.repeat(this.#chance.between(1, 3000))}`
      const message = acceptedAs(await send(line, content, { from, to: recipients }))
      if (message === null) return
      this.acknowledged.set(mark, { message, recipients })
    }
  }

  #recipients(mark: string, kind: RoundKind): readonly string[] {
    const domain = domains[this.#chance.between(0, domains.length - 1)]
    if (kind === 'plain') return [`bob-${mark}@${domain}`]
    const other = this.#chance.next() < 0.5 ? 'bob' : 'later'
    return [`nobody-${mark}@${domain}`, `${other}-${mark}@${domain}`]
  }
}
