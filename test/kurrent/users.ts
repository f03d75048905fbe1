/** Who may do anything at all. There are no lists of who may do what. */
import { accessDenied, type Failure, unauthenticated } from './errors.ts'
import type { Call } from './host.ts'

/** Passwords by name. */
export type Users = Readonly<Record<string, string>>

/** Nobody may do nothing; a wrong password is another thing than none. */
export const refusalForUser = (users: Users | undefined, { metadata }: Call): Failure | undefined => {
  if (users === undefined) return undefined
  const shown = String(metadata.get('authorization')[0] ?? '')
  if (shown === '') return accessDenied()
  const [, basic = ''] = /^basic (.+)$/i.exec(shown) ?? []
  const [name = '', ...rest] = Buffer.from(basic, 'base64').toString().split(':')
  return users[name] === rest.join(':') && name in users ? undefined : unauthenticated()
}
