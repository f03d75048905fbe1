/** The certificates we show: loaded, checked against their keys, and found by the name a client asks for. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { ConfigFault, type Fault, type Path } from './fault.ts'
import { ownCertificate, type Pem } from './own-certificate.ts'
import type { Config } from './schema.ts'

/** TLS 1.0 and 1.1 are not to be used (RFC 8996 §4, §5). */
export const tlsMinimum = 'TLSv1.2'

export type Certificates = {
  readonly default: Pem
  /** By server name in lower case; `*.example.org` for every name one label below. */
  readonly names: ReadonlyMap<string, Pem>
  /** What works, and should be looked at: an expired certificate, a key that others can read. */
  readonly warnings: readonly string[]
}

type Entry = Config['tls'][number]
type Loaded = { readonly pem: Pem; readonly names: readonly string[]; readonly warnings: readonly string[] }

const fault = (path: Path, message: string): ConfigFault =>
  new ConfigFault([{ file: null, line: null, column: null, path, message } satisfies Fault])

const read = async (file: string, path: Path): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw fault(path, code === 'ENOENT' ? `${file} does not exist` : `${file} cannot be read (${code})`)
  }
}

const certificateIn = (pem: string, file: string, path: Path): X509Certificate => {
  try {
    return new X509Certificate(pem)
  } catch {
    throw fault(path, `${file} holds no certificate in PEM form`)
  }
}

const keyIn = (pem: string, file: string, path: Path): KeyObject => {
  try {
    return createPrivateKey(pem)
  } catch {
    const hint = pem.includes('ENCRYPTED') ? '; it is encrypted: store it without a passphrase' : ''
    throw fault(path, `${file} holds no usable private key in PEM form${hint}`)
  }
}

const dnsNames = (certificate: X509Certificate): string[] =>
  [...(certificate.subjectAltName ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name!.toLowerCase())

const warningsOf = async (
  { certificate: file, key }: Entry,
  certificate: X509Certificate,
  now: Date,
): Promise<string[]> => {
  const warnings: string[] = []
  if (certificate.validToDate < now) warnings.push(`${file} expired on ${certificate.validTo}`)
  if (certificate.validFromDate > now) warnings.push(`${file} is not valid before ${certificate.validFrom}`)
  const { mode } = await stat(key)
  if ((mode & 0o044) !== 0) warnings.push(`${key} can be read by others; chmod 600 it`)
  return warnings
}

const load = async (entry: Entry, at: number, now: Date): Promise<Loaded> => {
  const [certPath, keyPath] = [['tls', at, 'certificate'] as const, ['tls', at, 'key'] as const]
  const cert = await read(entry.certificate, certPath)
  const key = await read(entry.key, keyPath)
  const certificate = certificateIn(cert, entry.certificate, certPath)
  if (!certificate.checkPrivateKey(keyIn(key, entry.key, keyPath)))
    throw fault(keyPath, `${entry.key} does not belong to ${entry.certificate}`)
  const names = entry.names.length > 0 ? entry.names : dnsNames(certificate)
  return { pem: { cert, key }, names, warnings: await warningsOf(entry, certificate, now) }
}

/** Every entry, or every fault of every entry. */
const loadAll = async (entries: readonly Entry[], now: Date): Promise<Loaded[]> => {
  const settled = await Promise.allSettled(entries.map((entry, at) => load(entry, at, now)))
  const faults = settled.flatMap((result) => {
    if (result.status === 'fulfilled') return []
    if (result.reason instanceof ConfigFault) return [...result.reason.faults]
    throw result.reason
  })
  if (faults.length > 0) throw new ConfigFault(faults)
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

const hostnameWarning = ({ hostname }: Config, pem: Pem): string[] =>
  new X509Certificate(pem.cert).checkHost(hostname) === undefined
    ? [`the first certificate is not for ${hostname}, the name this server calls itself`]
    : []

/**
 * The configured certificates; without any, one of our own, kept in `<data>/tls`. Names go to the first entry that
 * claims them.
 * @throws ConfigFault with every missing, unreadable or ill-matched file
 */
export const loadCertificates = async (
  config: Config,
  { now = new Date() }: { readonly now?: Date } = {},
): Promise<Certificates> => {
  const loaded = await loadAll(config.tls, now)
  const first = loaded[0]
  if (!first) return { default: await ownCertificate({ ...config, now }), names: new Map(), warnings: [] }
  const names = new Map<string, Pem>()
  for (const entry of loaded) for (const name of entry.names) if (!names.has(name)) names.set(name, entry.pem)
  const warnings = [...loaded.flatMap((entry) => entry.warnings), ...hostnameWarning(config, first.pem)]
  return { default: first.pem, names, warnings }
}

/** The certificate for the name a client asked for (RFC 6066 §3); the default for a name we do not have, or for none. */
export const certificateFor = (certificates: Certificates, servername: string | null): Pem => {
  const name = (servername ?? '').toLowerCase()
  const dot = name.indexOf('.')
  const wildcard = dot > 0 ? certificates.names.get(`*${name.slice(dot)}`) : undefined
  return certificates.names.get(name) ?? wildcard ?? certificates.default
}
