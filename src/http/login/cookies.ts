/** The cookie that holds a login: no script reads it, no other site makes a browser send it. */
import { type Named, parseCookie } from './secrets.ts'

/** Over HTTPS a name that browsers take from this very host alone, with `Secure`. */
const nameOf = (isSecure: boolean): string => (isSecure ? '__Host-fsmtp' : 'fsmtp')

const attributes = (isSecure: boolean): string =>
  `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`

export const cookieFor = (
  text: string,
  { isSecure, seconds }: { readonly isSecure: boolean; readonly seconds: number },
): string => `${nameOf(isSecure)}=${text}; Max-Age=${seconds}; ${attributes(isSecure)}`

export const noCookie = (isSecure: boolean): string => cookieFor('', { isSecure, seconds: 0 })

/** The login that a `Cookie` header names; the first of that name, RFC 6265 §5.4 puts the most particular one in front. */
export const loginIn = (header: string | undefined, isSecure: boolean): Named | null => {
  const wanted = `${nameOf(isSecure)}=`
  const found = (header ?? '').split(';').find((part) => part.trim().startsWith(wanted))
  return found === undefined ? null : parseCookie(found.trim().slice(wanted.length))
}
