/** The secrets that sign what webhooks are told: read from the files that the configuration names. */
import { readFile } from 'node:fs/promises'
import { ConfigFault } from '../config/fault.ts'
import type { Config } from '../config/schema.ts'

export type Hook = Config['webhooks'][number] & {
  /** The first is the present one; the others are about to go. */
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
}

/** Bytes: with less, somebody who has seen a few messages could find it by trying. */
const shortest = 24

/** `whsec_` and base64, as other senders give them out; else the line itself, as it stands. */
const secretOf = (line: string): Uint8Array =>
  line.startsWith('whsec_') ? Buffer.from(line.slice(6), 'base64') : Buffer.from(line)

/** @throws ConfigFault */
export const loadHooks = (webhooks: Config['webhooks']): Promise<readonly Hook[]> =>
  Promise.all(webhooks.map(async (hook, at) => ({ ...hook, secrets: await secretsIn(hook.secretFile, at) })))

const secretsIn = async (file: string, at: number): Promise<Hook['secrets']> => {
  const path = ['webhooks', at, 'secretFile']
  const fault = (wrong: string): ConfigFault =>
    new ConfigFault([{ ...{ file: null, line: null, column: null, path }, message: `${file} ${wrong}` }])
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT'
      ? fault(
          `does not exist; make it: \`openssl rand -base64 32 > ${file}\`, and give the receiver the same`,
        )
      : fault(`cannot be read (${error.code}); let the user that runs the server read it`)
  })
  const [first, ...others] = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(secretOf)
  if (first === undefined) throw fault('is empty')
  if ([first, ...others].some(({ length }) => length < shortest))
    throw fault(`holds a secret of less than ${shortest} bytes; make one: \`openssl rand -base64 32\``)
  return [first, ...others]
}
