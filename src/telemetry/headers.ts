/**
 * Who is told, as the configuration says, with the headers that stand in a file of their own: a line each, as HTTP has them, for what
 * must not stand in the configuration.
 */
import { readFile } from 'node:fs/promises'
import { ConfigFault } from '../config/fault.ts'
import type { Config } from '../config/schema.ts'
import { headerName, headerValue } from '../config/telemetry.ts'
import type { Collector } from './exporter.ts'

/** Null where none is configured. @throws ConfigFault */
export const loadCollector = async ({
  telemetry: { endpoint, headers, headersFile, timeout, service },
}: Pick<Config, 'telemetry'>): Promise<Collector | null> => {
  if (endpoint === undefined) return null
  const kept = headersFile === undefined ? {} : await headersIn(headersFile)
  return { endpoint, headers: { ...headers, ...kept }, timeout, service }
}

const path = ['telemetry', 'headersFile']

/** What is in the file is repeated nowhere. @throws ConfigFault */
const headersIn = async (file: string): Promise<Readonly<Record<string, string>>> => {
  const fault = (wrong: string): ConfigFault =>
    new ConfigFault([{ ...{ file: null, line: null, column: null, path }, message: `${file} ${wrong}` }])
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fault(
      error.code === 'ENOENT'
        ? 'does not exist; write a line for each header into it: `Authorization: Bearer ...`'
        : `cannot be read (${error.code}); let the user that runs the server read it`,
    )
  })
  const lines = text.split('\n').map((line) => line.trim())
  return Object.fromEntries(
    lines.flatMap((line, at) => {
      if (line === '' || line.startsWith('#')) return []
      const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/.exec(line) ?? []
      if (!headerName.test(name) || !headerValue.test(value))
        throw fault(`has no header in line ${at + 1}; write \`Name: value\``)
      return [[name.toLowerCase(), value] as const]
    }),
  )
}
