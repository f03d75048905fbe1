/** Makes signatures with any tags, right or wrong, for tests; shares nothing with what verifies them. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export type TestKey = { readonly private: KeyObject; readonly p: string }

export const rsaKey = (bits: number): TestKey => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  return { private: privateKey, p: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }
}
export const ed25519Key = (): TestKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    private: privateKey,
    p: publicKey.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64'),
  }
}

const relaxedLine = (line: string): string => {
  const colon = line.indexOf(':')
  const value = line
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim()
  return `${line.slice(0, colon).toLowerCase().trim()}:${value}`
}
const written = (body: string, form: string): string => {
  const text = form === 'relaxed' ? body.replace(/[ \t]+(?=\r\n)/g, '').replace(/[ \t]+/g, ' ') : body
  const kept = text.replace(/(\r\n)+$/, '')
  return kept === '' && form === 'relaxed' ? '' : `${kept}\r\n`
}

/** Fields from the bottom up, one for each time a name is listed (RFC 6376 §5.4.2). */
const listed = (fields: readonly string[], names: readonly string[]): readonly string[] => {
  const rest = [...fields]
  return names.flatMap((name) => {
    const at = rest.findLastIndex((field) => field.toLowerCase().startsWith(`${name}:`))
    return at === -1 ? [] : rest.splice(at, 1)
  })
}

/** Tags as they stand: `v: '1'`; null leaves one out. */
export type Tags = Readonly<Record<string, string | null>>

/** The mail with a signature on top. `content` has CRLF, and no folded lines. */
export const signedMail = (
  content: string,
  key: TestKey,
  given: Tags = {},
  name = 'DKIM-Signature',
): string => {
  const end = content.indexOf('\r\n\r\n')
  const tags: Record<string, string | null> = {
    ...{ v: '1', a: 'rsa-sha256', c: 'relaxed/relaxed', d: 'example.org', s: 's1', h: 'from:to:subject' },
    ...given,
  }
  const [headForm = 'simple', bodyForm = 'simple'] = (tags.c ?? 'simple/simple').split('/')
  const hash = tags.a?.endsWith('sha1') ? 'sha1' : 'sha256'
  const body = Buffer.from(written(content.slice(end + 4), bodyForm))
  const most = /^\d+$/.test(tags.l ?? '') ? Number(tags.l) : body.length
  tags.bh = given.bh ?? createHash(hash).update(body.subarray(0, most)).digest('base64')
  const list = Object.entries(tags).flatMap(([tag, value]) => (value === null ? [] : [`${tag}=${value}`]))
  const own = `${name}: ${list.join('; ')}; b=`
  const line = (text: string): string => (headForm === 'relaxed' ? relaxedLine(text) : text)
  const names = (tags.h ?? '')
    .toLowerCase()
    .split(':')
    .map((word) => word.trim())
  const signedText = [...listed(content.slice(0, end).split('\r\n'), names), own].map(line).join('\r\n')
  const isRsa = key.private.asymmetricKeyType === 'rsa'
  const octets = Buffer.from(signedText, 'utf8')
  // RFC 8463 §3: Ed25519 signs the hash.
  const value = isRsa
    ? sign(hash, octets, key.private)
    : sign(null, createHash(hash).update(octets).digest(), key.private)
  return `${own}${value.toString('base64')}\r\n${content}`
}
