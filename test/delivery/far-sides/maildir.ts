/** Mail that a far side has filed: each a file in `new`. */
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../server.ts'

/** Nobody in particular: who owns the mail of far sides that will not run as root. */
export const nobody = 65_534

export const makeMailFolder = (directory: string): string => {
  const folder = join(directory, 'mail')
  mkdirSync(folder)
  chownSync(folder, nobody, nobody)
  return folder
}

export const filedIn = (maildir: string): readonly Buffer[] => {
  const folder = join(maildir, 'new')
  return existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(join(folder, name))) : []
}

/** The mail that names `message` in its header, once it is there. */
export const filed = (maildir: string, message: string): Promise<Buffer> =>
  eventually(() => filedIn(maildir).find((mail) => mail.includes(message)), {
    what: `the mail ${message} in ${maildir}`,
  })

export const withLf = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')

export const withCrlf = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
