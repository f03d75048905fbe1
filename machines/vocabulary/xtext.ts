/** `xtext` (RFC 3461 §4): printable ASCII without `+` and `=`, anything else as `+` and two hexadecimal digits. */

const xtext = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/i
const utf8Text = /^(?:[!-*,-<>-[\]-~]|\\x\{[0-9A-F]{2,6}\}|[\u{80}-\u{10ffff}])*$/iu
const printable = /^[ -~]*$/
const unwanted = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{NChar}\ufffd]/u

/** The decoded text, or null when it is no xtext or hides anything but printable ASCII. */
export const decodeXtext = (text: string): string | null => {
  if (!xtext.test(text)) return null
  if (!text.includes('+')) return text
  const decoded = text.replace(/\+(..)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  return printable.test(decoded) ? decoded : null
}

/** The way back, for what we send. */
export const encodeXtext = (text: string): string =>
  text.replace(
    /[^!-*,-<>-~]/g,
    (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

/**
 * `utf-8-addr-xtext` and `utf-8-addr-unitext` (RFC 6533 §3): any character as `\x{...}`, or itself; null when it is
 * neither, or holds a control character.
 */
export const decodeUtf8Text = (text: string): string | null => {
  if (!utf8Text.test(text)) return null
  const points = [...text.matchAll(/\\x\{([0-9A-F]+)\}/gi)].map(([, digits]) => Number.parseInt(digits!, 16))
  if (points.some((point) => point > 0x10ffff)) return null
  const decoded = text.replace(/\\x\{([0-9A-F]+)\}/gi, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 16)),
  )
  return unwanted.test(decoded) ? null : decoded
}
