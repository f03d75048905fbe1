/** Message bodies, as everything else sees them. Small ones lie beside the log, large ones in files of their own. */
import type { Readable } from 'node:stream'

/** Bodies up to this size travel with their event in `Append.contents`; larger ones go through `begin`. */
export const smallContent = 64 * 1024

export type Body = { readonly id: string; readonly bytes: Uint8Array }

/** Bytes up to which a body is taken for one that came with an append; what is larger is read in pieces, by the store. */
export const largestWhole = 4 * smallContent

/** Where small bodies are kept. Ids are ids. */
export interface Bodies {
  /** On stable storage when it resolves. True when it was written now; a body's id is written once. @throws ContentFull, ContentUnavailable */
  write(body: Body): Promise<boolean>
  /** Null for what is not there, and for large bodies: whoever wants these reads them in pieces. */
  read(id: string): Promise<Uint8Array | null>
  remove(id: string): Promise<void>
  close(): void | Promise<void>
}

export type Finished = { readonly size: number; readonly sha256: string }

/** A body on its way to the disk. Nobody sees it before `finish`. */
export interface ContentWriter {
  /**
   * Takes a chunk, which must not be changed afterwards. A promise asks to wait before the next one; memory stays bounded
   * for those who do.
   * @throws ContentFull
   */
  write(chunk: Uint8Array): Promise<void> | void
  /** Resolves when the body and its name are on stable storage. @throws ContentFull */
  finish(): Promise<Finished>
  /** Gives the body up and frees its room. Safe at any time, also after a failure; after `finish` it does nothing. */
  discard(): Promise<void>
}

export type Verdict = 'intact' | 'missing' | 'damaged'

export interface ContentStore {
  /** The whole body, or null. For small bodies, or where the whole is needed. */
  read(id: string): Promise<Uint8Array | null>
  /** The body in pieces, or null: for large ones. */
  stream(id: string): Promise<Readable | null>
  begin(id: string): Promise<ContentWriter>
  /** Removes the file of a body that was finished and then refused; nothing where there is none. */
  remove(id: string): Promise<void>
  /** Compares what is stored with what was accepted. `sha256` in hex. */
  verify(id: string, expected: Finished): Promise<Verdict>
  /** Whether a body could be kept now, as far as can be seen without keeping one. @throws ContentUnavailable, ContentFull */
  check(signal: AbortSignal): Promise<void>
  /** Resolves when what an earlier run left behind has been swept away. */
  readonly swept: Promise<SweepReport>
  close(): Promise<void>
}
/** How many files were removed: bodies never finished, and bodies of which no event tells. */
export type SweepReport = { readonly unfinished: number; readonly untold: number }

/** No room for a body; nothing of it is kept. */
export class ContentFull extends Error {
  override readonly name = 'ContentFull'
}

/** Where bodies are kept does not answer, or refuses; the message says what to look at. */
export class ContentUnavailable extends Error {
  override readonly name = 'ContentUnavailable'
}
