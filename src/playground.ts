/** What the playground has of its own: an account to log in with, whose password stays the same. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newEventId, now } from './actors/identity.ts'
import type { Directory } from './authentication/directory.ts'
import { hashPassword, verifyPassword } from './authentication/passwords.ts'
import { type EventLog, kindOf } from './log/port.ts'

export const demoAccount = 'demo@localhost'

/**
 * The password of the demo account, which is made with the first start and kept in the data directory (mode 0600); null once
 * somebody has changed it.
 */
export const demoPassword = async ({
  data,
  log,
  directory,
}: {
  readonly data: string
  readonly log: Pick<EventLog, 'append'>
  readonly directory: Directory
}): Promise<string | null> => {
  const file = join(data, 'demo-password')
  const known = directory.account(demoAccount)
  if (known !== null) {
    const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
    return (await verifyPassword(kept, known.password)) ? kept : null
  }
  const password = randomBytes(9).toString('base64url')
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  const at = now()
  const added = { account: demoAccount, password: await hashPassword(password), addresses: [demoAccount] }
  const event = { id: newEventId(at), kind: kindOf('AccountAdded', 1, {}), at, data: added }
  const { position } = await log.append([{ stream: `account-${demoAccount}`, expected: -1, events: [event] }])
  await directory.until(position)
  return password
}
