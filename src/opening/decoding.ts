/** Content as it was before it was encoded for its way (RFC 2045 §6). Each takes time in proportion to the length, whatever is in it. */

const values = new Int8Array(256).fill(-1)
Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').forEach((sign, value) => {
  values[sign.charCodeAt(0)] = value
})
const padding = 0x3d

/** What is no sign of base64 is passed over (RFC 2045 §6.8); some pad each line, and begin anew behind it. */
export const fromBase64 = (encoded: Uint8Array): Uint8Array => {
  const decoded = Buffer.allocUnsafeSlow(Math.floor((encoded.length * 3) / 4) + 3)
  let length = 0
  let bits = 0
  let held = 0
  for (const sign of encoded) {
    const value = values[sign]!
    if (value === -1) {
      if (sign === padding) bits = 0
      continue
    }
    held = ((held << 6) | value) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    decoded[length++] = (held >> bits) & 0xff
  }
  return decoded.subarray(0, length)
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const nibbleOf = (sign: number | undefined): number => {
  if (sign === undefined) return -1
  if (sign >= 0x30 && sign <= 0x39) return sign - 0x30
  const letter = sign | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** RFC 2045 §6.7; what is no escape stands for itself. */
export const fromQuotedPrintable = (encoded: Uint8Array): Uint8Array => {
  const decoded = Buffer.allocUnsafeSlow(encoded.length)
  let length = 0
  for (let at = 0; at < encoded.length; at++) {
    const sign = encoded[at]!
    if (sign !== padding) {
      decoded[length++] = sign
      continue
    }
    const soft = softBreakAt(encoded, at)
    const high = nibbleOf(encoded[at + 1])
    const low = nibbleOf(encoded[at + 2])
    if (soft > 0) at += soft
    else if (high === -1 || low === -1) decoded[length++] = sign
    else {
      decoded[length++] = (high << 4) | low
      at += 2
    }
  }
  return decoded.subarray(0, length)
}

/** Bytes of the line's end behind a `=`; 0 where the line goes on. */
const softBreakAt = (encoded: Uint8Array, at: number): number => {
  const next = encoded[at + 1]
  if (next === lineFeed) return 1
  return next === carriageReturn && encoded[at + 2] === lineFeed ? 2 : 0
}

export type Encoding = 'base64' | 'quoted-printable' | 'none'

/** A copy: the mail it was cut from need not be kept for it. */
export const decoded = (content: Uint8Array, encoding: Encoding): Uint8Array => {
  if (encoding === 'base64') return fromBase64(content)
  return encoding === 'quoted-printable' ? fromQuotedPrintable(content) : Uint8Array.from(content)
}
