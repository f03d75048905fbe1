/** SMTP replies (RFC 5321 §4.2) as text. */
import type { ReplyEffect } from './machine.ts'

const unprintable = /[\u0000-\u001f\u007f]/g

/** Most replies are always the same object, and each is written twice: to the history, and to the client. */
const texts = new WeakMap<object, string>()

/**
 * A reply as it goes over the wire, lines joined by CRLF, without the last CRLF. The enhanced code stands on every line
 * (RFC 2034 §4). Control characters in the text become spaces: a reply can never be split by what it quotes.
 */
export const replyText = (reply: Pick<ReplyEffect, 'code' | 'enhanced' | 'lines'>): string => {
  const known = texts.get(reply)
  if (known !== undefined) return known
  const text = compose(reply)
  texts.set(reply, text)
  return text
}

const compose = ({ code, enhanced, lines }: Pick<ReplyEffect, 'code' | 'enhanced' | 'lines'>): string => {
  const words = enhanced === '' ? '' : `${enhanced} `
  const last = lines.length - 1
  if (last === 0) return `${code} ${words}${lines[0]!.replace(unprintable, ' ')}`
  return lines
    .map((line, at) => `${code}${at < last ? '-' : ' '}${words}${line.replace(unprintable, ' ')}`)
    .join('\r\n')
}
