/** Lines from a socket, one at a time, never more in memory than the longest line allowed and one piece. */
import type { Socket } from 'node:net'

/** A line went on for longer than any question does. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
}

const newline = 10

/**
 * Whole lines until the socket ends; the rest of a line that was cut off is dropped.
 * @param longest bytes of a line
 * @throws LineTooLong, and what the socket fails with
 */
export async function* socketLines(socket: Socket, longest: number): AsyncGenerator<string> {
  // Whoever reads decides what becomes of the socket: it may still hear why.
  const pieces: AsyncIterable<Buffer> = socket.iterator({ destroyOnReturn: false })
  let parts: Buffer[] = []
  let size = 0
  for await (const piece of pieces) {
    let from = 0
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, from)) {
      if (size + end - from > longest) throw new LineTooLong(`a line has more than ${longest} bytes`)
      const line = Buffer.concat([...parts, piece.subarray(from, end)]).toString('utf8')
      parts = []
      size = 0
      from = end + 1
      yield line
    }
    if (from === piece.length) continue
    parts.push(piece.subarray(from))
    size += piece.length - from
    if (size > longest) throw new LineTooLong(`a line has more than ${longest} bytes`)
  }
}

/** Resolves when the other end has taken what was written to it, or is gone. */
export const drained = (socket: Socket): Promise<void> =>
  new Promise((done) => {
    const over = (): void => {
      socket.off('drain', over).off('close', over)
      done()
    }
    socket.on('drain', over).on('close', over)
    if (socket.destroyed) over()
  })
