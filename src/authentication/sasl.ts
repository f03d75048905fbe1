/** What clients send to log in, decoded: SASL PLAIN (RFC 4616) and LOGIN. Pure; no password leaves through an error. */

/** Octets of base64 in one line (RFC 4954 §4: 12288). */
const longest = 12_288
/** RFC 4616 §2 bounds nothing; more than this is no name and no password of ours. */
const longestPart = 1024

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text behind strict base64 (padding where it belongs, nothing else); null for what is not, or is not UTF-8. */
const decodeText = (line: string): string | null => {
  if (line.length > longest || !base64.test(line)) return null
  try {
    return utf8.decode(Buffer.from(line, 'base64'))
  } catch {
    return null
  }
}

const tooLong = (text: string): boolean => Buffer.byteLength(text) > longestPart

export type Decoded =
  | { readonly ok: true; readonly user: string; readonly password: string }
  | { readonly ok: false }

const refused: Decoded = { ok: false }

/**
 * `authzid NUL authcid NUL passwd` (RFC 4616 §2): exactly two NULs, name and password not empty. Acting for another
 * account is not offered: authzid is empty or the same as authcid. `*` (RFC 4954 §4: cancel) and `=` are refused like
 * anything that is not base64.
 */
export const decodePlain = (line: string): Decoded => {
  const parts = decodeText(line)?.split('\0') ?? []
  const [authzid, user, password] = parts
  if (parts.length !== 3 || authzid === undefined || !user || !password) return refused
  if (tooLong(user) || tooLong(password)) return refused
  return authzid === '' || authzid === user ? { ok: true, user, password } : refused
}

/** One answer of LOGIN, the name or the password; null for what is not base64, holds a NUL, or is too long. */
export const decodeLoginPart = (line: string): string | null => {
  const text = decodeText(line)
  return text === null || text.includes('\0') || tooLong(text) ? null : text
}
