/** Content as it stands in a history file, line by line, put together again and held against its `MessageAccepted`. */
import { createHash, type Hash } from 'node:crypto'
import { HistoryFault } from './fault.ts'
import type { ContentLine, EventLine } from './format.ts'

export type Piece = {
  readonly id: string
  readonly bytes: Buffer
  readonly offset: number
  readonly last: boolean
}
export type Known = { readonly size: number; readonly sha256: string }

/** Size and hash of every content that passes, and whether its lines join. */
export class PassingContents {
  readonly #known = new Map<string, Known>()
  #current: { readonly id: string; readonly hash: Hash; size: number } | null = null

  /** @throws HistoryFault when the line does not join the one before it */
  take({ content: id, offset = 0, more, base64 }: ContentLine, line: number): Piece {
    const bytes = Buffer.from(base64, 'base64')
    const current = this.#current ?? { id, hash: createHash('sha256'), size: 0 }
    if (current.id !== id || current.size !== offset)
      throw new HistoryFault(`line ${line}: content ${id} does not join what came before it`)
    current.hash.update(bytes)
    current.size += bytes.length
    this.#current = more ? current : null
    if (!more) this.#known.set(id, { size: current.size, sha256: current.hash.digest('hex') })
    return { id, bytes, offset, last: !more }
  }

  /**
   * Forgets the content of an accepted message; undefined when the file has none.
   * @throws HistoryFault when it is cut off, or is not the one that was accepted
   */
  check({ type, data }: EventLine, line: number): Known | undefined {
    if (this.#current !== null)
      throw new HistoryFault(`line ${line}: content ${this.#current.id} ends in the middle`)
    if (type !== 'MessageAccepted') return undefined
    const id = String(data.message)
    const known = this.#known.get(id)
    this.#known.delete(id)
    if (known !== undefined && (known.size !== data.size || known.sha256 !== data.sha256))
      throw new HistoryFault(`line ${line}: the content of message ${id} is not the one that was accepted`)
    return known
  }

  /** @throws HistoryFault when content is left that belongs to no event */
  end(): void {
    const left = this.#current?.id ?? this.#known.keys().next().value
    if (left !== undefined) throw new HistoryFault(`content ${left} belongs to no accepted message after it`)
  }
}
