/** A domain with keys, mail to sign, and its public keys as DNS would give them. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dkimRecord, makeDkimKeys } from '../../../src/authentication/dkim-keys.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import { scratch } from '../../scratch.ts'

export const folder = (): string => scratch('signing')

/** `example.org` with the keys given as `selector: file`. */
export const configWith = (at: string, keys: Readonly<Record<string, string>>): Config => {
  const dkim = Object.entries(keys).map(([selector, key]) => `{ selector: ${selector}, key: ${key} }`)
  const text = `hostname: mx.example.org\ndomains: [{ name: example.org, dkim: [${dkim.join(', ')}] }]\n`
  return parseConfig(text, { shown: 'f.yaml', file: join(at, 'f.yaml'), folder: at, data: null }).config
}

export const put = (at: string, file: string, text: string, mode = 0o600): string => {
  writeFileSync(join(at, file), text, { mode })
  return file
}

export const rsaPem = (modulusLength: number): string =>
  generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

export type House = {
  readonly at: string
  readonly config: Config
  /** TXT values by name. */
  readonly records: ReadonlyMap<string, string>
}

/** Keys of both kinds, as `init` makes them: selectors `rsa1` and `ed1`. */
export const houseWithKeys = async (): Promise<House> => {
  const at = folder()
  const keys = await makeDkimKeys()
  for (const { selector, pem } of keys) put(at, `${selector}.pem`, pem)
  return {
    at,
    config: configWith(at, { rsa1: 'rsa1.pem', ed1: 'ed1.pem' }),
    records: new Map(
      keys.map(({ selector, pem }) => [`${selector}._domainkey.example.org`, dkimRecord(pem) ?? '']),
    ),
  }
}

/** In pieces of `size` bytes. */
export const inPieces = async function* (text: string | Buffer, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export const mail = (lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('')
