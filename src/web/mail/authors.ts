/** Who is named in a mail, as people read it, and as they write it. */
import type { MessageParts } from './parts.ts'

export type Author = MessageParts['from'][number]

/** RFC 5322 §3.2.3: what a name of these alone may be written without quotes. */
const plain = /^[\p{L}\p{N}\p{M} !#$%&'*+/=?^_`{|}~-]*$/u

/** `Büro <buero@app.example>`, `"Müller, Änne" <anne@app.example>`: one address, whatever the name is. */
export const written = ({ name, address }: Author): string => {
  if (name === '') return address
  return `${plain.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`} <${address}>`
}

export const allWritten = (authors: readonly Author[]): string => authors.map(written).join(', ')
