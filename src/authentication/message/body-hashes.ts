/**
 * Hashes of a body as signatures want them (RFC 6376 §3.4.3, §3.4.4), made while it passes by: each way of writing it is gone through
 * once, whatever the number of signatures. Only CRLF ends a line here: octets are taken as they are stored. mailauth's own holds a
 * line that does not end and looks through it again with each piece.
 */
import { createHash, type Hash } from 'node:crypto'

export type BodyForm = 'simple' | 'relaxed'

const cr = 0x0d
const lf = 0x0a
const space = 0x20
const tab = 0x09
const roomOctets = 8192

/** Writes a body in one form. Line ends are held back as a number: those at the end of the body do not count. */
class FormWriter {
  readonly #relaxed: boolean
  readonly #sink: (octets: Buffer) => void
  readonly #room = Buffer.allocUnsafe(roomOctets)
  #used = 0
  #breaks = 0
  #gap = false
  #carriage = false
  #isEmpty = true

  constructor(form: BodyForm, sink: (octets: Buffer) => void) {
    this.#relaxed = form === 'relaxed'
    this.#sink = sink
  }

  write(piece: Buffer): void {
    for (let at = 0; at < piece.length; at++) {
      const octet = piece[at]!
      if (this.#carriage) {
        this.#carriage = false
        if (octet === lf) {
          this.#gap = false
          this.#breaks++
          continue
        }
        this.#put(cr)
      }
      if (octet === cr) this.#carriage = true
      else if (this.#relaxed && (octet === space || octet === tab)) this.#gap = true
      else if (this.#used < roomOctets - 2 && this.#breaks === 0 && !this.#gap)
        this.#room[this.#used++] = octet
      else this.#put(octet)
    }
  }
  /** A body of nothing is a line end in the simple form, and nothing in the relaxed one. */
  end(): void {
    if (this.#carriage) this.#put(cr)
    this.#isEmpty &&= this.#used === 0
    if (!this.#isEmpty || !this.#relaxed) this.#add(cr, lf)
    this.#flush()
  }
  #put(octet: number): void {
    for (; this.#breaks > 0; this.#breaks--) this.#add(cr, lf)
    if (this.#gap) this.#add(space)
    this.#gap = false
    this.#add(octet)
  }
  #add(one: number, other?: number): void {
    if (this.#used > roomOctets - 2) this.#flush()
    this.#room[this.#used++] = one
    if (other !== undefined) this.#room[this.#used++] = other
  }
  #flush(): void {
    if (this.#used > 0) this.#isEmpty = false
    this.#sink(this.#room.subarray(0, this.#used))
    this.#used = 0
  }
}

/** One of the hashes: of so many octets of a form (`l=`), or of all. What mailauth's verifier looks at has its names. */
export class BodyHash {
  readonly form: BodyForm
  readonly #hash: Hash
  readonly #most: number
  /** What goes into the hash, and what there is. */
  bodyHashedBytes = 0
  canonicalizedLength = 0
  #digest: string | undefined

  constructor(form: BodyForm, algorithm: string, most: number) {
    this.form = form
    this.#hash = createHash(algorithm === 'sha1' ? 'sha1' : 'sha256')
    this.#most = most
  }
  add(octets: Buffer): void {
    const room = this.#most - this.bodyHashedBytes
    const part = octets.length > room ? octets.subarray(0, room) : octets
    this.canonicalizedLength += octets.length
    this.bodyHashedBytes += part.length
    if (part.length > 0) this.#hash.update(part)
  }
  digest(encoding: 'base64'): string {
    this.#digest ??= this.#hash.digest(encoding)
    return this.#digest
  }
  setContentType(): void {}
  getMimeStructureStart(): number {
    return 0
  }
}

export class BodyHashes {
  readonly #hashes: BodyHash[] = []
  readonly #writers = new Map<BodyForm, FormWriter>()

  /** Before the first octet. `most`: of the written form; without it, all. */
  add(form: BodyForm, algorithm: string, most = Number.POSITIVE_INFINITY): BodyHash {
    const hash = new BodyHash(form, algorithm, most)
    this.#hashes.push(hash)
    if (!this.#writers.has(form))
      this.#writers.set(form, new FormWriter(form, (octets) => this.#give(form, octets)))
    return hash
  }
  write(piece: Buffer): void {
    for (const writer of this.#writers.values()) writer.write(piece)
  }
  end(): void {
    for (const writer of this.#writers.values()) writer.end()
  }
  #give(form: BodyForm, octets: Buffer): void {
    for (const hash of this.#hashes) if (hash.form === form) hash.add(octets)
  }
}
