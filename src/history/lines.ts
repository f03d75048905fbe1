/** Lines of a file as it is read, never more of it in memory than one line and one piece. */
import { StringDecoder } from 'node:string_decoder'
import { HistoryFault } from './fault.ts'
import { checkHeader, type Header, type HistoryLine, longestLine, parseLine } from './format.ts'

async function* textLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let parts: string[] = []
  let length = 0
  for await (const piece of input) {
    const lines = decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)).split('\n')
    const rest = lines.pop() ?? ''
    for (const line of lines) {
      yield [...parts, line].join('')
      parts = []
      length = 0
    }
    parts.push(rest)
    length += rest.length
    if (length > longestLine) throw new HistoryFault(`a line is longer than ${longestLine} characters`)
  }
  const last = parts.join('') + decoder.end()
  if (last !== '') yield last
}

export type NumberedLine = HistoryLine & {
  readonly line: number
  /** Characters of the line. */
  readonly size: number
}

/**
 * The lines of a history after its header, which `begins` is told.
 * @throws HistoryFault at the first line that is not what the format says, with its number
 */
export async function* historyLines(
  input: AsyncIterable<Uint8Array>,
  begins: (header: Header) => void = () => {},
): AsyncGenerator<NumberedLine> {
  let line = 0
  for await (const text of textLines(input)) {
    line += 1
    if (line === 1) begins(checkHeader(text))
    else if (text.trim() !== '') yield { ...parseLine(text, line), line, size: text.length }
  }
  if (line === 0) throw new HistoryFault('not a history file: it is empty')
}
