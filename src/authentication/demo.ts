/** The playground's one account. Its password is kept beside the log, so that it stays the same from start to start. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventLog } from '../log/port.ts'
import type { Directory } from './directory.ts'
import { Enrolment } from './enrolment.ts'
import { generatePassword, verifyPassword } from './passwords.ts'

export const demoUser = 'demo@localhost'

const kept = async (file: string): Promise<string | null> => {
  try {
    return (await readFile(file, 'utf8')).trim() || null
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/**
 * Sees to it that `demo@localhost` exists with the password in `<data>/demo.password` (made there, mode 0600, if it is
 * missing), and returns both. A password changed with `user password` is left alone: then `password` is null.
 */
export const demoAccount = async (options: {
  readonly data: string
  readonly directory: Directory
  readonly log: Pick<EventLog, 'append'>
}): Promise<{ readonly user: string; readonly password: string | null }> => {
  const { data, directory, log } = options
  const file = join(data, 'demo.password')
  const old = await kept(file)
  const account = directory.account(demoUser)
  if (account) {
    const holds = old !== null && (await verifyPassword(old, account.password))
    return { user: demoUser, password: holds ? old : null }
  }
  const password = old ?? generatePassword()
  await writeFile(file, `${password}\n`, { mode: 0o600 })
  const added = await new Enrolment({ directory, log }).addAccount({ addresses: [demoUser], password })
  if (!added.ok) throw new Error(`cannot add ${demoUser}: ${added.reason}`)
  return { user: demoUser, password }
}
