/** The keys of our domains, read and checked once, when the server starts. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { asciiDomain } from '../../authentication/spelling.ts'
import { ConfigFault, type Path } from '../../config/fault.ts'
import type { Config } from '../../config/schema.ts'

export type LoadedKey = {
  /** In A-labels, lower case. So is `selector`. */
  readonly domain: string
  readonly selector: string
  readonly pem: string
}
export type Keys = {
  readonly byDomain: ReadonlyMap<string, readonly LoadedKey[]>
  /** What works, and should be looked at: a key that others can read. */
  readonly warnings: readonly string[]
}

/** Where a key is named in the configuration. */
type Entry = {
  readonly file: string
  readonly domain: string
  readonly selector: string
  readonly path: Path
}

// RFC 8301 §3.2
const leastBits = 2048

const howToMake = (file: string): string =>
  `make one with \`openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:${leastBits} -out ${file}\` (or -algorithm ed25519) and publish it as \`fsmtp domain dns\` says, or remove the entry`

const fault = ({ file, domain, selector, path }: Entry, wrong: string, remedy = howToMake(file)) => {
  const message = `the DKIM key of ${domain} (selector ${selector}) cannot be used: ${file} ${wrong}; ${remedy}`
  return new ConfigFault([{ file: null, line: null, column: null, path, message }])
}

const textOf = async (entry: Entry): Promise<string> => {
  try {
    return await readFile(entry.file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT') throw fault(entry, 'does not exist')
    throw fault(entry, `cannot be read (${code})`, 'let the user that runs the server read it')
  }
}

/** What the library says of a key it cannot read is not passed on: nothing of the file may stand in an error. */
const keyIn = (pem: string, entry: Entry): KeyObject => {
  try {
    return createPrivateKey(pem)
  } catch {
    if (pem.includes('ENCRYPTED'))
      throw fault(
        entry,
        'is encrypted',
        `store it without a passphrase: \`openssl pkey -in ${entry.file} -out NEW\``,
      )
    if (pem.includes('PUBLIC KEY'))
      throw fault(entry, 'holds a public key', 'name the file with the private key')
    throw fault(entry, 'holds no private key in PEM form')
  }
}

const checkKind = (key: KeyObject, entry: Entry): void => {
  const kind = key.asymmetricKeyType
  if (kind === 'ed25519') return // RFC 8463 §3
  if (kind !== 'rsa') throw fault(entry, `holds a key of type ${kind}, which DKIM does not know`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < leastBits) throw fault(entry, `holds an RSA key of ${bits} bits; ${leastBits} are needed`)
}

const load = async (entry: Entry): Promise<{ readonly key: LoadedKey; readonly warnings: string[] }> => {
  const given = await textOf(entry)
  const key = keyIn(given, entry)
  checkKind(key, entry)
  const { mode } = await stat(entry.file)
  return {
    // Written anew: whatever else the file holds stays there.
    key: {
      domain: asciiDomain(entry.domain),
      selector: asciiDomain(entry.selector),
      pem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    warnings: (mode & 0o044) === 0 ? [] : [`${entry.file} can be read by others; chmod 600 it`],
  }
}

const entriesOf = ({ domains }: Config): readonly Entry[] =>
  domains.flatMap(({ name, dkim }, domainAt) =>
    dkim.map(({ selector, key }, at) => ({
      file: key,
      domain: name,
      selector,
      path: ['domains', domainAt, 'dkim', at, 'key'],
    })),
  )

const nameOf = ({ selector, domain }: Entry): string =>
  `${asciiDomain(selector)}._domainkey.${asciiDomain(domain)}`

/** A name in DNS holds one key (RFC 6376 §3.6.2.2). */
const twice = (entries: readonly Entry[]): readonly ConfigFault[] =>
  entries
    .filter((entry, at) => entries.findIndex((other) => nameOf(other) === nameOf(entry)) < at)
    .map((entry) => fault(entry, 'is the second key under this selector', 'give each key its own selector'))

/**
 * The DKIM keys of every domain in the configuration: RSA of 2048 bits or more, or Ed25519.
 * @throws ConfigFault with every key that is missing or cannot be used; nothing of a key stands in it
 */
export const loadKeys = async (config: Config): Promise<Keys> => {
  const entries = entriesOf(config)
  const settled = await Promise.allSettled(entries.map(load))
  const failed = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  const strange = failed.find((reason) => !(reason instanceof ConfigFault))
  if (strange !== undefined) throw strange
  const faults = [...failed, ...twice(entries)].flatMap((reason: ConfigFault) => reason.faults)
  if (faults.length > 0) throw new ConfigFault(faults)
  const loaded = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  return {
    byDomain: Map.groupBy(
      loaded.map(({ key }) => key),
      ({ domain }) => domain,
    ),
    warnings: loaded.flatMap(({ warnings }) => warnings),
  }
}
