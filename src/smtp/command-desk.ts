/** Command lines into inputs of the session: parsed, with what the world knows about them, and as a history may show them. */
import { type CommandInput, parseCommand } from '../../machines/session/commands.ts'
import type { Conversation } from './conversation.ts'
import { mechanismWord, shownCommand, shownLine, triesLogin } from './dialogue.ts'
import { renamedBy } from './renaming.ts'

type Talk = Pick<Conversation, 'connection' | 'reception' | 'login' | 'examining' | 'tell'>

export class CommandDesk {
  readonly #talk: Talk
  #extended = false
  #loginTried = false

  constructor(talk: Conversation) {
    this.#talk = talk
  }

  /** RFC 3207 §4.2: what the client said in clear is forgotten. */
  forget(): void {
    this.#extended = false
  }

  hear(line: string): void {
    const command = parseCommand(line, { extended: this.#extended })
    const shown = shownLine({ line, command, loginTried: this.#loginTried })
    if (triesLogin(line, command)) this.#loginTried = true
    switch (command.type) {
      case 'EHLO':
      case 'HELO':
        this.#extended = command.type === 'EHLO'
        this.#talk.tell(command, shown)
        return
      case 'RCPT':
        this.#recipient(command, shown)
        return
      case 'AUTH':
        this.#talk.login.keep(command.initial)
        this.#talk.tell({ type: 'AUTH', mechanism: mechanismWord(command.mechanism) }, shown)
        return
      case 'XCLIENT':
        this.#renameTo(command, shown)
        return
      default:
        this.#talk.tell(shownCommand(command, shown), shown)
    }
  }

  #recipient(command: Extract<CommandInput, { readonly type: 'RCPT' }>, shown: string): void {
    const { reception, examining } = this.#talk
    const place = reception.place(command.recipient)
    const judge = () => this.#talk.tell({ ...command, place }, shown)
    if (examining.isDueFor(place)) examining.begin(judge)
    else judge()
  }

  #renameTo(command: Extract<CommandInput, { readonly type: 'XCLIENT' }>, shown: string): void {
    const { connection, reception, login } = this.#talk
    const renamed = renamedBy(command.argument, reception, connection)
    const isAllowed = renamed !== null && reception.mayRename(connection.remoteAddress)
    login.loggedIn = isAllowed && renamed.user !== null
    if (isAllowed) login.client = renamed.peer.address
    this.#talk.tell({ ...command, renamed }, shown)
  }
}
