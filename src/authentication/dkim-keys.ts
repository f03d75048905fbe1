/** DKIM keys: made once by `init`, published by `domain dns` (RFC 6376 §3.6.1, RFC 8463 §4). */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

const generate = promisify(generateKeyPair)

export type DkimKey = { readonly selector: string; readonly pem: string }

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** One RSA key for everybody, one Ed25519 key for those who know it. */
export const makeDkimKeys = async (): Promise<readonly DkimKey[]> => {
  const rsa = await generate('rsa', { modulusLength: 2048 })
  const ed25519 = await generate('ed25519')
  return [
    { selector: 'rsa1', pem: pemOf(rsa.privateKey) },
    { selector: 'ed1', pem: pemOf(ed25519.privateKey) },
  ]
}

/** What stands in DNS for a private key; null for a key DKIM has no use for. */
export const dkimRecord = (pem: string): string | null => {
  const key = createPublicKey(createPrivateKey(pem))
  if (key.asymmetricKeyType === 'rsa')
    return `v=DKIM1; k=rsa; p=${key.export({ type: 'spki', format: 'der' }).toString('base64')}`
  if (key.asymmetricKeyType !== 'ed25519') return null
  // RFC 8463 §4: the 32 bytes themselves, without their ASN.1 frame.
  const bytes = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
  return `v=DKIM1; k=ed25519; p=${bytes.toString('base64')}`
}
