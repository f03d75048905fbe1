/** A certificate for 127.0.0.1, by an authority that lives as long as the server does. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import selfsigned from 'selfsigned'

export type Certificate = {
  readonly key: string
  readonly chain: string
  /** Where the client finds the authority. */
  readonly authorityFile: string
  readonly remove: () => Promise<void>
}

const ec = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
const whenever = { notBeforeDate: new Date('2000-01-01'), notAfterDate: new Date('2100-01-01') }

const makeAuthority = () =>
  selfsigned.generate([{ name: 'commonName', value: 'Authority of the stand-in' }], {
    ...ec,
    ...whenever,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })

export const makeCertificate = async (): Promise<Certificate> => {
  const authority = await makeAuthority()
  const made = await selfsigned.generate([{ name: 'commonName', value: 'kurrentdb-node' }], {
    ...ec,
    ...whenever,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  })
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-kurrent-'))
  const authorityFile = join(directory, 'authority.pem')
  await writeFile(authorityFile, authority.cert)
  return {
    key: made.private,
    chain: made.cert,
    authorityFile,
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
