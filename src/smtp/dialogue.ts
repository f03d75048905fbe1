/** The lines of the dialogue as a history may hold them: bounded, and without secrets. */
import type { CommandInput } from '../../machines/session/commands.ts'

/** A longer line is cut here; the facts hold what mattered of it. */
const longestShown = 1000

const shortened = (line: string): string =>
  line.length <= longestShown ? line : `${line.slice(0, longestShown)}[${line.length - longestShown} more]`

/** Lines exchanged since the last event. */
export class Lines {
  #lines = ''

  heard(line: string): void {
    this.#add(`C: ${shortened(line)}`)
  }
  said(line: string): void {
    this.#add(`S: ${line}`)
  }

  /** Everything since the last call, with the client's line that leads to the next event; '' for nothing. */
  take(line?: string): string {
    if (this.#lines === '') return line === undefined ? '' : `C: ${shortened(line)}`
    if (line !== undefined) this.heard(line)
    const lines = this.#lines
    this.#lines = ''
    return lines
  }

  #add(line: string): void {
    this.#lines = this.#lines === '' ? line : `${this.#lines}\n${line}`
  }
}

const loginWords: ReadonlySet<string> = new Set(['?', 'AUTH', 'XAUTH', 'EXPS'])

/** Whether a line means to log in, however badly it is put: what stands in it, or comes behind it, may be a secret. */
export const triesLogin = (line: string, command: CommandInput): boolean => {
  if (command.type === 'AUTH') return true
  if (command.type !== 'UNKNOWN' && command.type !== 'MALFORMED') return false
  return (command.type === 'UNKNOWN' || loginWords.has(command.command)) && /auth|^\W*exps/i.test(line)
}

// https://www.iana.org/assignments/sasl-mechanisms, and LOGIN, NTLM, XOAUTH2, which are in use without being there.
const mechanisms: ReadonlySet<string> = new Set(
  'PLAIN LOGIN ANONYMOUS EXTERNAL CRAM-MD5 DIGEST-MD5 GSSAPI GSS-SPNEGO NTLM OTP SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS OAUTHBEARER XOAUTH2'.split(
    ' ',
  ),
)
/** A mechanism's name as it may be remembered: `?` for one that nobody has, which may be a password out of place. */
export const mechanismWord = (mechanism: string): string => (mechanisms.has(mechanism) ? mechanism : '?')

const credentialLike = /^[a-z0-9+/]{8,}={0,2}$/i

/**
 * A command line as it may be remembered. Responses of AUTH are never shown; a line that is no command may be one that
 * lost its way: after an AUTH it is hidden altogether (`[n characters hidden]`), before it only where it looks like one.
 */
export const shownLine = ({
  line,
  command,
  loginTried,
}: {
  readonly line: string
  readonly command: CommandInput
  readonly loginTried: boolean
}): string => {
  if (command.type === 'AUTH' && mechanismWord(command.mechanism) !== '?')
    return command.initial === null ? `AUTH ${command.mechanism}` : `AUTH ${command.mechanism} [hidden]`
  if (triesLogin(line, command)) return 'AUTH [hidden]'
  if (command.type !== 'UNKNOWN' && !(command.type === 'MALFORMED' && command.command === '?')) return line
  if (!loginTried && !credentialLike.test(line.trim())) return line.replace(unprintable, '\ufffd')
  return `[${line.length} characters hidden]`
}

const unprintable = /[\u0000-\u001f\u007f-\u009f]/g
