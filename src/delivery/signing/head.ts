/** The header of a message on its way to the signer, which holds all of it and takes longer the more lines it has. */

/** Bytes, the lines in front included. Beyond that a mail is not signed. */
export const longestHead = 256 * 1024
/** Lines of a header. Each continuation line costs the signer more than the one before. */
export const mostLines = 5000

/** The header cannot be signed: it is too long, or has a CR that ends no line. */
export class HeadUnsignable extends Error {
  override readonly name = 'HeadUnsignable'
}

/** Watches pieces go by until the empty line that ends the header (RFC 5322 §2.1). */
class HeadWatch {
  #bytes = 0
  #lines = 0
  #lineIsEmpty = true
  #over = false
  #carriage = false

  /** @throws HeadUnsignable */
  see(piece: Uint8Array): void {
    for (let at = 0; !this.#over && at < piece.length; at++) {
      const byte = piece[at]!
      this.#bytes++
      if (this.#carriage && byte !== 0x0a) throw new HeadUnsignable('a CR stands alone')
      this.#carriage = byte === 0x0d
      if (byte === 0x0a) this.#endLine()
      else if (byte !== 0x0d) this.#lineIsEmpty = false
    }
    if (this.#bytes > longestHead || this.#lines > mostLines)
      throw new HeadUnsignable('the header is too long')
  }
  #endLine(): void {
    this.#over = this.#lineIsEmpty
    this.#lineIsEmpty = true
    this.#lines++
  }
}

/** `prefix` and then `content`, as one message. @throws HeadUnsignable */
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
