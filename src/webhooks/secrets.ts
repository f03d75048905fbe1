/** The secrets that sign what webhooks are told: read from the files that the configuration names. */
import { readFile } from 'node:fs/promises'
import { ConfigFault } from '../config/fault.ts'
import type { Config } from '../config/schema.ts'

export type Hook = Config['webhooks'][number] & {
  /** The first is the present one; the others are about to go. */
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  /** One of them stands in its file without `whsec_`: libraries would take other bytes for it. */
  readonly isBare: boolean
}

/** Bytes: with less, somebody who has seen a few messages could find it by trying. */
const shortest = 24

/** `whsec_` and base64, as Standard Webhooks have it; else the line itself, as it stands. */
const marked = 'whsec_'
const secretOf = (line: string): Uint8Array =>
  line.startsWith(marked) ? Buffer.from(line.slice(marked.length), 'base64') : Buffer.from(line)

const making = `echo "${marked}$(openssl rand -base64 32)"`

/** @throws ConfigFault */
export const loadHooks = (webhooks: Config['webhooks']): Promise<readonly Hook[]> =>
  Promise.all(webhooks.map(async (hook, at) => ({ ...hook, ...(await secretsIn(hook.secretFile, at)) })))

/** For those who run this: secrets that receivers will hardly verify with what they have. */
export const bareSecrets = (
  hooks: readonly Hook[],
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] =>
  hooks.flatMap(({ isBare, secretFile }, at) => {
    const message = `${secretFile} holds a line without ${marked}: its characters are the key, which libraries for Standard Webhooks take for base64, so that they verify nothing; make one by \`${making}\`, and give the receiver the same`
    return isBare ? [{ path: ['webhooks', at, 'secretFile'], message }] : []
  })

const secretsIn = async (file: string, at: number): Promise<Pick<Hook, 'secrets' | 'isBare'>> => {
  const path = ['webhooks', at, 'secretFile']
  const fault = (wrong: string): ConfigFault =>
    new ConfigFault([{ ...{ file: null, line: null, column: null, path }, message: `${file} ${wrong}` }])
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT'
      ? fault(`does not exist; make it: \`${making} > ${file}\`, and give the receiver the same`)
      : fault(`cannot be read (${error.code}); let the user that runs the server read it`)
  })
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const [first, ...others] = lines.map(secretOf)
  if (first === undefined) throw fault('is empty')
  if ([first, ...others].some(({ length }) => length < shortest))
    throw fault(`holds a secret of less than ${shortest} bytes; make one: \`${making}\``)
  return { secrets: [first, ...others], isBare: lines.some((line) => !line.startsWith(marked)) }
}
