/** A self-signed certificate, made once and kept: enough for STARTTLS to work before anybody asked an authority. */
import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { domainToASCII } from 'node:url'
import selfsigned from 'selfsigned'

type SubjectAltNameEntry = { type: 2; value: string } | { type: 7; ip: string }

export type Pem = { readonly cert: string; readonly key: string }

/** Whose certificate, and the time from which it holds. */
export type CertificateFor = { readonly hostname: string; readonly now: Date }

const years = 10

const alternativeNames = (hostname: string): SubjectAltNameEntry[] => [
  ...[...new Set([hostname, 'localhost'])].map((value) => ({ type: 2 as const, value })),
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
]

/** EC P-256, for `hostname`, and for this machine's loopback as well. PEM. */
export const makeCertificate = async ({ hostname: name, now }: CertificateFor): Promise<Pem> => {
  const hostname = domainToASCII(name) || name
  const notAfterDate = new Date(now)
  notAfterDate.setFullYear(now.getFullYear() + years)
  const made = await selfsigned.generate([{ name: 'commonName', value: hostname.slice(0, 64) }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: now,
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: alternativeNames(hostname) },
    ],
  })
  return { cert: made.cert, key: made.private }
}

/** Replaces a file whole, or not at all. */
const place = async (file: string, text: string, mode: number): Promise<void> => {
  const beside = `${file}.new`
  await writeFile(beside, text, { mode })
  await chmod(beside, mode)
  await rename(beside, file)
}

const stillGood = (pem: string, { hostname, now }: CertificateFor): boolean => {
  const certificate = new X509Certificate(pem)
  return (
    certificate.validToDate > now && certificate.checkHost(domainToASCII(hostname) || hostname) !== undefined
  )
}

const kept = async (folder: string): Promise<Pem | null> => {
  try {
    return {
      cert: await readFile(join(folder, 'cert.pem'), 'utf8'),
      key: await readFile(join(folder, 'key.pem'), 'utf8'),
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/**
 * The certificate kept in `<data>/tls`, made there if there is none, or if it has expired or is for another name. The key
 * is readable by its owner only.
 */
export const ownCertificate = async (options: CertificateFor & { readonly data: string }): Promise<Pem> => {
  const folder = join(options.data, 'tls')
  const old = await kept(folder)
  if (old && stillGood(old.cert, options)) return old
  const made = await makeCertificate(options)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await place(join(folder, 'key.pem'), made.key, 0o600)
  await place(join(folder, 'cert.pem'), made.cert, 0o644)
  return made
}
