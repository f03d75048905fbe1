/** Passwords: judged when they are chosen, kept as argon2id hashes, compared in constant time. */
import { argon2, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { Turnstile } from './turnstile.ts'

/** OWASP's first choice for argon2id, in its variant with least memory: 19 MiB, 2 passes, 1 lane. */
const strength = { memory: 19_456, passes: 2, parallelism: 1 } as const
const saltBytes = 16
const hashBytes = 32

/**
 * How many run at a time: each takes 19 MiB and a thread of the four that files are written with too, so two leave half
 * of them to the mail. How many wait: beyond that a flood of logins would fill the memory with passwords.
 */
const turnstile = new Turnstile({ inside: 2, waiting: 200 })

const least = 8
const most = 256

/** What everybody tries first. */
const commonplace = new Set(
  'password passw0rd password1 12345678 123456789 1234567890 87654321 qwertyui qwertyuiop qwerty123 letmein1 iloveyou welcome1 administrator changeme secret12 postmaster abcdefgh abcd1234 1q2w3e4r trustno1 sunshine football baseball princess'.split(
    ' ',
  ),
)

export type Judged = { readonly ok: true } | { readonly ok: false; readonly reason: string }
const refused = (reason: string): Judged => ({ ok: false, reason })

/** Two spellings of the same characters are the same password (RFC 8265 §4.2.2 asks for NFC). */
const normal = (password: string): string => password.normalize('NFC')

/** Whether an account may choose this password; the reason never repeats it. */
export const judgePassword = (password: string, { account }: { readonly account: string }): Judged => {
  const text = normal(password)
  if (text === '') return refused('the password is empty')
  if (/[\u0000-\u001f\u007f]/.test(text)) return refused('the password has control characters')
  if ([...text].length < least) return refused(`the password is shorter than ${least} characters`)
  if (Buffer.byteLength(text) > most) return refused(`the password is longer than ${most} bytes`)
  const lower = text.toLowerCase()
  if (new Set(lower).size < 3) return refused('the password repeats one or two characters')
  if (commonplace.has(lower)) return refused('the password is one of the first that are tried')
  const local = account.slice(0, account.lastIndexOf('@')).toLowerCase()
  if (lower === account.toLowerCase() || lower === local)
    return refused('the password is the name of the account')
  return { ok: true }
}

const letters = 'abcdefghijkmnopqrstuvwxyz23456789'

/** A password nobody has to judge: 20 letters in groups of five, 100 bits, easy to read aloud. */
export const generatePassword = (): string =>
  Array.from({ length: 4 }, () =>
    Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join(''),
  ).join('-')

type Parameters = { readonly memory: number; readonly passes: number; readonly parallelism: number }
type Stored = Parameters & { readonly salt: Buffer; readonly hash: Buffer }

const digest = (
  password: string,
  { salt, hash, ...parameters }: Parameters & { salt: Buffer; hash: number },
) =>
  turnstile.pass(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        const settings = {
          message: Buffer.from(normal(password)),
          nonce: salt,
          tagLength: hash,
          ...parameters,
        }
        argon2('argon2id', settings, (error, key) => (error ? reject(error) : resolve(key)))
      }),
  )

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/**
 * `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, as other programs write it (PHC string format).
 * @throws TooManyWaiting
 */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(saltBytes)
  const hash = await digest(password, { ...strength, salt, hash: hashBytes })
  const { memory, passes, parallelism } = strength
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`
}

const phc =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{16,88})$/

/** The parts of a stored hash; null for what is none, or asks for more than 1 GiB or a hundred passes. */
const parseStored = (text: string): Stored | null => {
  const [, m, t, p, salt, hash] = phc.exec(text) ?? []
  const parameters = { memory: Number(m), passes: Number(t), parallelism: Number(p) }
  const { memory, passes, parallelism } = parameters
  if (!salt || !hash || passes < 1 || parallelism < 1) return null
  if (memory < 8 * parallelism || memory > 1_048_576 || passes > 100) return null
  return { ...parameters, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
}

/**
 * Whether `password` is the one behind `stored`. A stored text that is no argon2id hash matches nothing.
 * @throws TooManyWaiting
 */
export const verifyPassword = async (password: string, stored: string): Promise<boolean> => {
  const parsed = parseStored(stored)
  if (!parsed) return false
  const key = await digest(password, { ...parsed, hash: parsed.hash.length })
  return timingSafeEqual(key, parsed.hash)
}

/** A hash no password belongs to, as costly to check as a real one: for names we do not have. */
export const decoyHash = (): string =>
  `$argon2id$v=19$m=${strength.memory},t=${strength.passes},p=${strength.parallelism}$${unpadded(randomBytes(saltBytes))}$${unpadded(randomBytes(hashBytes))}`
