/** What of the original goes back with a notice (RFC 3461 §4.3, RFC 6522 §4). */
import { isAscii } from '../../../machines/vocabulary/address.ts'
import type { NoticeOptions } from './notice.ts'

export type Returned = {
  readonly type: 'message/rfc822' | 'message/global' | 'text/rfc822-headers' | 'message/global-headers'
  readonly encoding: '7bit' | '8bit' | 'quoted-printable'
  readonly bytes: Buffer
}

/** Bytes up to which an original is returned in full. */
export const longestReturned = 1024 * 1024
/** Bytes of a header that are returned. */
const longestHeader = 64 * 1024

/** The first pieces, `most` bytes or a little more. @throws where the original cannot be read */
const beginningOf = async ({ original, originalContent }: NoticeOptions, most: number): Promise<Buffer> => {
  const stored = await originalContent()
  if (stored === null) throw new Error(`the content of message ${original.message} is missing`)
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of stored) {
    pieces.push(piece)
    size += piece.length
    if (size > most) break
  }
  return Buffer.concat(pieces)
}

/** The header with the CRLF of its last line; cut between two lines where it is very long. */
const headerIn = (bytes: Buffer): Buffer => {
  if (bytes.subarray(0, 2).equals(Buffer.from('\r\n'))) return Buffer.alloc(0)
  const end = bytes.indexOf('\r\n\r\n')
  const header = end === -1 ? bytes : bytes.subarray(0, end + 2)
  if (header.length <= longestHeader) return header
  return header.subarray(0, header.lastIndexOf('\r\n', longestHeader - 2) + 2)
}

/** Whether it may stand in another mail as it is (RFC 2045 §2.7, §2.8). */
const isMail = (text: string): boolean => !/\0|\r(?!\n)|(?<!\r)\n|[^\r\n]{999}/.test(text)

const inFull = (bytes: Buffer, smtputf8: boolean): Returned | null => {
  const text = bytes.toString('latin1')
  if (bytes.length > longestReturned || !isMail(text)) return null
  // RFC 6533 §5: message/global holds what message/rfc822 may not.
  const type = smtputf8 ? 'message/global' : 'message/rfc822'
  return { type, encoding: isAscii(text) ? '7bit' : '8bit', bytes }
}

const asHeader = (bytes: Buffer, smtputf8: boolean): Returned | null => {
  const header = headerIn(bytes)
  if (header.length === 0) return null
  const text = header.toString('latin1')
  const isPlain = isAscii(text) && isMail(text)
  // RFC 6533 §6; RFC 6522 §4 lets either be encoded.
  const type = smtputf8 && !isAscii(text) ? 'message/global-headers' : 'text/rfc822-headers'
  return { type, encoding: isPlain ? '7bit' : 'quoted-printable', bytes: header }
}

/**
 * The whole original where `RET=FULL` asks for it, it failed (RFC 3461 §4.3), and it is neither large nor REQUIRETLS; else its header; null
 * where there is none, or where it cannot be read: `unreadable` hears of that, and the sender is told nevertheless.
 */
export const returnedOf = async (options: NoticeOptions): Promise<Returned | null> => {
  const { kind, original } = options
  // RFC 8689 §5: what was to be secure comes back as its header, whatever was asked for.
  // One mail to an alias may come back from each address it stands for: as much as that would be too much.
  const isForwarded = original.recipients.some(({ forwarded }) => forwarded === true)
  const wantsAll =
    kind === 'failed' && original.ret === 'FULL' && original.requiretls !== true && !isForwarded
  const bytes = await beginningOf(options, wantsAll ? longestReturned : 2 * longestHeader).catch(
    (error: Error) => {
      options.unreadable(error)
      return null
    },
  )
  if (bytes === null) return null
  const smtputf8 = original.smtputf8 === true
  return (wantsAll ? inFull(bytes, smtputf8) : null) ?? asHeader(bytes, smtputf8)
}
