/** How long a client may take: one moment for each connection, looked at from outside now and then. */
import type { FsmtpConnection } from './connection.ts'
import type { ContentIntake } from './content-intake.ts'

/** A client that left in the middle of a handshake is not always noticed; one that is there needs a moment. */
const longestHandshake = 30_000

export class Patience {
  readonly #connection: Pick<FsmtpConnection, '_socket' | 'input' | 'reception'>
  readonly #intake: Pick<ContentIntake, 'underWay' | 'dueBy'>
  #deadline = Number.POSITIVE_INFINITY
  /** A line has come since the deadline was last set. */
  #heard = false

  constructor(connection: FsmtpConnection, intake: ContentIntake) {
    this.#connection = connection
    this.#intake = intake
  }

  /** `at` as `performance.now()` has it. */
  isOver(at: number): boolean {
    return at >= this.#deadline
  }

  /** A whole line has come, or a final dot. */
  hear(): void {
    this.#heard = true
  }

  /** All input that was there has been dealt with. */
  idle(): void {
    // Half a line is no sign of life: one that drips in has the time of one that does not come.
    if (this.#heard || this.#intake.underWay || this.#deadline === Number.POSITIVE_INFINITY) this.awaitInput()
    this.#heard = false
  }

  /** From now on the client owes us something. */
  awaitInput(): void {
    const { reception, input, _socket: socket } = this.#connection
    const { command, data } = reception.timeouts
    const at = performance.now()
    if (!this.#intake.underWay) {
      this.#deadline = input.held && !socket.writableNeedDrain ? Number.POSITIVE_INFINITY : at + command
      return
    }
    this.#deadline = Math.min(at + command, this.#intake.dueBy(data))
  }

  awaitHandshake(): void {
    const { command } = this.#connection.reception.timeouts
    this.#deadline = performance.now() + Math.min(command, longestHandshake)
  }
}
