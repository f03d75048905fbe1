/** A policy in a file of its own: `policy: ./policy.yaml`. */
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Document, readDocument } from './document.ts'
import { ConfigFault } from './fault.ts'
import { readText } from './files.ts'

export type Aside = {
  readonly document: Document
  /** Absolute. */
  readonly file: string
  /** The name that faults carry. */
  readonly shown: string
}

/** The file that a configuration's `policy` names, or null where the rules stand in it or there are none. @throws ConfigFault */
export const readPolicyAside = (
  document: Document,
  { shown, folder }: { readonly shown: string | null; readonly folder: string },
): Aside | null => {
  const { value } = document
  const named = typeof value === 'object' && value !== null && 'policy' in value ? value.policy : null
  if (typeof named !== 'string') return null
  const file = resolve(folder, named)
  const name = isAbsolute(named) ? named : join(dirname(shown ?? ''), named)
  const read = readText(file)
  if ('wrong' in read) {
    const { line, column } = document.locate(['policy'])
    throw new ConfigFault([
      { file: shown, line, column, path: ['policy'], message: `${name}: ${read.wrong}` },
    ])
  }
  return { document: readDocument(read.text, name), file, shown: name }
}
