/** mailauth's signer, which signs the fields that are there, made to sign the absence of others as well. */
import { DkimSigner, type HeaderRow, type Headers } from 'mailauth/lib/dkim/dkim-signer.js'
import { overSigned, overSignedIfThere, signedIfThere } from './fields.ts'
import type { LoadedKey } from './keys.ts'

const headerList = [...overSigned, ...overSignedIfThere, ...signedIfThere]
const isSigned = new Set(headerList.map((name) => name.toLowerCase()))

/** Names that stand in `h=` once more than there are fields. */
const absentIn = (rows: readonly HeaderRow[]): readonly string[] => {
  const there = new Set(rows.map(({ key }) => key))
  return [...overSigned, ...overSignedIfThere.filter((name) => there.has(name.toLowerCase()))]
}

/**
 * The same rows, with additional names for `h=`. A verifier takes the names from the left and the fields from the bottom, and
 * for a name whose fields are used up it takes nothing (RFC 6376 §5.4.2): so the additional names stand last, which
 * is with the topmost row that is signed, since rows are signed from the bottom up.
 */
const withAbsent = (rows: readonly HeaderRow[]): readonly HeaderRow[] => {
  const top = rows.findIndex(({ key }) => isSigned.has(key))
  return rows.map((row, at) =>
    at === top ? { ...row, casedKey: [row.casedKey, ...absentIn(rows)].join(': ') } : row,
  )
}

export class OverSigner extends DkimSigner {
  constructor({ keys, at }: { readonly keys: readonly LoadedKey[]; readonly at: number }) {
    super({
      canonicalization: 'relaxed/relaxed',
      headerList,
      signTime: new Date(at),
      // Made anew each time: mailauth writes into them.
      signatureData: keys.map(({ domain, selector, pem }) => ({
        signingDomain: domain,
        selector,
        privateKey: pem,
      })),
    })
  }
  override messageHeaders(headers: Headers): Promise<void> {
    return super.messageHeaders({ ...headers, parsed: withAbsent(headers.parsed) })
  }
}
