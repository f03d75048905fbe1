/** What a browser saves a file as. */

/** Characters that RFC 8187 §3.2.1 lets stand for themselves. */
const encoded = (name: string): string =>
  encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** Characters of a name; those who write longer ones want something else than to name a file. */
const longest = 200

/**
 * The value of a Content-Disposition: nothing but a name, however it was written. For those who read no encoded one there is another
 * beside it, of plain characters (RFC 6266 §4.3, appendix D).
 */
export const attachmentNamed = (given: string | null): string => {
  const name = cut(given?.toWellFormed() ?? '')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .replace(/[/\\]/g, '_')
    // A name that begins with a dot is hidden where it is saved; `..` is no name at all.
    .replace(/^[.\s]+/, '')
    .trim()
  if (name === '') return 'attachment'
  const plain = name.replace(/[^\x20-\x7e]/g, '_').replace(/["%\\]/g, '_')
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${encoded(name)}`}`
}

/** The beginning and, where it has one, the ending by which programs know it. */
const cut = (name: string): string => {
  if (name.length <= longest) return name
  const ending = /\.[^.]{1,20}$/.exec(name)?.[0] ?? ''
  return `${name.slice(0, longest - ending.length)}${ending}`.toWellFormed()
}
