/**
 * What is shown once and kept as a hash: 256 bits of chance each, so that a plain SHA-256 is as good as a slow one. The name in front says where
 * in the log to look for it; it is no secret.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

const secretBytes = 32
const secretShape = '[0-9a-f]{64}'

/** 64 hexadecimal digits. */
export const newSecret = (): string => randomBytes(secretBytes).toString('hex')
/** 64 hexadecimal digits. */
export const hashOf = (secret: string): string => hash('sha256', secret, 'hex')

export const matches = (secret: string, known: string): boolean => {
  const [one, other] = [Buffer.from(hashOf(secret)), Buffer.from(known)]
  return one.length === other.length && timingSafeEqual(one, other)
}

export type Named = { readonly name: string; readonly secret: string }

/** Names that a key may have. */
export const keyName = /^[a-z0-9][a-z0-9.-]{0,62}$/
const keyShape = new RegExp(`^fsmtp_([a-z0-9][a-z0-9.-]{0,62})_(${secretShape})$`)
/** `fsmtp_` in front is what scanners of leaked secrets look for. */
export const keyText = ({ name, secret }: Named): string => `fsmtp_${name}_${secret}`
export const parseKey = (text: string): Named | null => named(keyShape.exec(text))

const cookieShape = new RegExp(`^([0-9a-z]{20})\\.(${secretShape})$`)
export const cookieText = ({ name, secret }: Named): string => `${name}.${secret}`
export const parseCookie = (text: string): Named | null => named(cookieShape.exec(text))

const named = (found: RegExpExecArray | null): Named | null =>
  found === null ? null : { name: found[1]!, secret: found[2]! }
