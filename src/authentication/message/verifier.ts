/** mailauth's verifier of signatures, without its reading of the message: it is given fields that were looked at, and hashes. */
import { DkimVerifier, type VerifiedSignature, type VerifierRow } from 'mailauth/lib/dkim/dkim-verifier.js'
import { type BodyForm, BodyHashes } from './body-hashes.ts'
import type { Field, Head } from './head.ts'
import type { Keys } from './keys.ts'
import type { Vetted } from './vetting.ts'

const rowOf = ({ key, text }: Field): VerifierRow => ({
  key,
  casedKey: text.slice(0, Math.max(0, text.indexOf(':'))),
  line: Buffer.from(text, 'latin1'),
})

/** Every key is taken, so that its bits can be told; which are too short is judged later. */
const anyBits = 1
// RFC 8301 §3.2
export const fewestBits = 1024

class FieldVerifier extends DkimVerifier {
  readonly bodies = new BodyHashes()

  override addBodyHash(form: string, algorithm: string, most: number | ''): string {
    const key = `${form}:${algorithm}:${most}`
    if (!this.bodyHashes.has(key))
      this.bodyHashes.set(key, this.bodies.add(form as BodyForm, algorithm, most === '' ? undefined : most))
    return key
  }
}

/** Verifies the signatures of one message: made when its header is there, fed with the body. */
export class Verifier {
  readonly #verifier: FieldVerifier
  readonly #ready: Promise<void>

  constructor(
    { fields }: Head,
    { signatures, arc }: Vetted,
    options: { readonly keys: Keys; readonly at: Date },
  ) {
    const { keys, at } = options
    this.#verifier = new FieldVerifier({
      resolver: keys.ask,
      strict: true,
      minBitLength: anyBits,
      curTime: at,
    })
    // This runs to its end at once; only then all fields are there for signatures to cover.
    this.#ready = this.#verifier.messageHeaders({ parsed: [...signatures, ...arc].map(rowOf) })
    this.#verifier.headers = { parsed: fields.map(rowOf) }
    for (const { 'arc-seal': seal } of this.#verifier.arc.chain || [])
      keys.expect(`${seal?.parsed?.s?.value}._domainkey.${seal?.parsed?.d?.value}`)
    for (const { skip, invalid, selector, signingDomain } of this.#verifier.signatureHeaders)
      if (skip === undefined && invalid === undefined) keys.expect(`${selector}._domainkey.${signingDomain}`)
  }
  write(piece: Buffer): void {
    this.#verifier.bodies.write(piece)
  }
  /** What became of each signature, in the order of the fields that were given. */
  async end(): Promise<{
    readonly signatures: readonly VerifiedSignature[]
    readonly arc: DkimVerifier['arc']
  }> {
    await this.#ready
    this.#verifier.bodies.end()
    await this.#verifier.finalChunk()
    return { signatures: this.#verifier.results, arc: this.#verifier.arc }
  }
}
