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

const verbLike = /^[a-z]{1,10}$/i
const hidden = (text: string): string => `[${text.length} characters hidden]`

/** Of a line that is no command: its first word, where it can be a verb; the rest may be a password that lost its way. */
const strangeLine = (line: string, loginTried: boolean): string => {
  const [word = '', ...rest] = line.split(' ')
  if (loginTried || !verbLike.test(word)) return hidden(line)
  return rest.length === 0 ? word : `${word} ${hidden(rest.join(' '))}`
}

/** Commands that take no argument that matters: whatever a client says behind them once it has tried to log in is hidden. */
const takesNothing: ReadonlySet<string> = new Set('NOOP HELP VRFY EXPN DATA RSET QUIT STARTTLS'.split(' '))

export type Spoken = {
  readonly line: string
  readonly command: CommandInput
  /** AUTH, or something like it, was said in this session. */
  readonly loginTried: boolean
}

/** A command line as it may be remembered: responses of AUTH, and what may be one out of place, are never shown. */
export const shownLine = ({ line, command, loginTried }: Spoken): string => {
  if (command.type === 'AUTH' && mechanismWord(command.mechanism) !== '?')
    return command.initial === null ? `AUTH ${command.mechanism}` : `AUTH ${command.mechanism} [hidden]`
  if (triesLogin(line, command)) return 'AUTH [hidden]'
  if (command.type === 'UNKNOWN' || (command.type === 'MALFORMED' && command.command === '?'))
    return strangeLine(line, loginTried)
  const verb = command.type === 'MALFORMED' ? command.command : command.type
  return loginTried && takesNothing.has(verb) && line.trim().length > verb.length ? `${verb} [hidden]` : line
}

/** A command as a fact may remember it, beside the line that is shown of it. */
export const shownCommand = <Command extends CommandInput>(command: Command, shown: string): Command => {
  if (command.type === 'UNKNOWN' || command.type === 'MALFORMED')
    return shown.startsWith('[') ? { ...command, command: '?' } : command
  return 'argument' in command && shown.endsWith(' [hidden]') ? { ...command, argument: '[hidden]' } : command
}
