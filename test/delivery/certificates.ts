/** Certificates of an authority of the tests' own. */
import { isIP } from 'node:net'
import selfsigned from 'selfsigned'

export type Pem = { readonly cert: string; readonly key: string }

const ec = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
const whenever = { notBeforeDate: new Date('2000-01-01'), notAfterDate: new Date('2100-01-01') }

export const makeAuthority = async (): Promise<Pem> => {
  const made = await selfsigned.generate([{ name: 'commonName', value: 'Authority of this test' }], {
    ...ec,
    ...whenever,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return { cert: made.cert, key: made.private }
}

const alternativeName = (name: string) =>
  isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name }

export type CertificateOptions = {
  readonly authority: Pem
  /** DNS names and IP addresses. Without any there is no such extension. */
  readonly names: readonly string[]
  readonly commonName?: string
  readonly until?: Date
}

export const certificateBy = async ({
  authority,
  names,
  commonName = 'somebody',
  until = whenever.notAfterDate,
}: CertificateOptions): Promise<Pem> => {
  const made = await selfsigned.generate([{ name: 'commonName', value: commonName }], {
    ...ec,
    ...whenever,
    notAfterDate: until,
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      ...(names.length > 0
        ? [{ name: 'subjectAltName' as const, altNames: names.map(alternativeName) }]
        : []),
    ],
  })
  return { cert: made.cert, key: made.private }
}

let authority: Promise<Pem> | undefined
/** One for all tests of a file. */
export const ourAuthority = (): Promise<Pem> => {
  authority ??= makeAuthority()
  return authority
}
