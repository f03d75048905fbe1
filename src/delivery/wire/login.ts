/** Giving name and password to a smart host (RFC 4954): PLAIN (RFC 4616), else LOGIN; never in clear over a network. */
import type { RemoteHost } from '../../../machines/vocabulary/events.ts'
import { type Heard, remembered } from './awaited.ts'
import { base64, type Credentials, hidden, plainResponse } from './concealment.ts'
import type { Dialogue } from './dialogue.ts'
import { quoted } from './faults.ts'
import { type Extensions, isYes } from './hello.ts'
import { isLoopback } from './tcp.ts'

type Login = {
  readonly credentials: Credentials
  readonly extensions: Extensions
  readonly host: RemoteHost
  readonly secured: boolean
  readonly within: number
}

const command = 'AUTH'

const impossible = ({ credentials, extensions, host, secured }: Login): string | null => {
  if (!secured && !isLoopback(host)) return 'name and password are given under TLS only, and there is none'
  if (/\0/.test(credentials.user + credentials.password)) return 'a NUL is in the name or the password'
  const offered = mechanisms(extensions)
  if (!offered.has('PLAIN') && !offered.has('LOGIN'))
    return 'the host offers neither AUTH PLAIN nor AUTH LOGIN'
  return null
}

const mechanisms = (extensions: Extensions): ReadonlySet<string> =>
  new Set((extensions.get('AUTH') ?? '').toUpperCase().split(/[ =]+/))

/** @throws HostFailed `login-failed` */
export const logIn = async (dialogue: Dialogue, login: Login): Promise<void> => {
  const why = impossible(login)
  if (why !== null) throw dialogue.fail({ kind: 'login-failed', during: command, text: why })
  const { user } = login.credentials
  const heard = await (mechanisms(login.extensions).has('PLAIN') ? withPlain : withLogin)(dialogue, login)
  if (isYes(heard)) return
  const reply = remembered(heard)
  const text = `the host does not let ${JSON.stringify(user)} in: ${quoted(reply)}`
  throw dialogue.fail({ kind: 'login-failed', during: command, text, reply })
}

const withPlain = (dialogue: Dialogue, login: Login): Promise<Heard> =>
  dialogue.ask(`AUTH PLAIN ${plainResponse(login.credentials)}`, {
    command,
    within: login.within,
    shown: `AUTH PLAIN ${hidden}`,
  })

const withLogin = async (dialogue: Dialogue, login: Login): Promise<Heard> => {
  const { credentials, within } = login
  const steps = [credentials.user, credentials.password]
  let heard = await dialogue.ask('AUTH LOGIN', { command, within })
  for (const step of steps) {
    if (heard.code !== 334) break
    heard = await dialogue.ask(base64(step), { command, within, shown: hidden })
  }
  return heard
}
