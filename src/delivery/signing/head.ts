/** The header of a message on its way to the signer, which holds all of it and takes longer the more lines it has. */

/** Bytes, the lines in front included. Beyond that a mail is not signed. */
export const longestHead = 256 * 1024
/** Lines of a header. Each continuation line costs the signer more than the one before. */
export const mostLines = 5000

/** The header is too long to be signed. */
export class HeadTooLong extends Error {
  override readonly name = 'HeadTooLong'
}

/** Watches pieces go by until the empty line that ends the header (RFC 5322 §2.1). */
class HeadWatch {
  #bytes = 0
  #lines = 0
  #lineIsEmpty = true
  #over = false

  /** @throws HeadTooLong */
  see(piece: Uint8Array): void {
    for (let at = 0; !this.#over && at < piece.length; at++) {
      const byte = piece[at]!
      this.#bytes++
      if (byte === 0x0a) this.#endLine()
      else if (byte !== 0x0d) this.#lineIsEmpty = false
    }
    if (this.#bytes > longestHead || this.#lines > mostLines) throw new HeadTooLong('the header is too long')
  }
  #endLine(): void {
    this.#over = this.#lineIsEmpty
    this.#lineIsEmpty = true
    this.#lines++
  }
}

/** `prefix` and then `content`, as one message. @throws HeadTooLong */
export const joined = async function* (
  prefix: string,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const watch = new HeadWatch()
  const first = Buffer.from(prefix, 'utf8')
  watch.see(first)
  if (first.length > 0) yield first
  for await (const piece of content) {
    watch.see(piece)
    yield piece
  }
}
