/** An expected failure of a command: one line that says what is wrong and what to do, and the exit code. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault'
  /** 1: no, or found a fault; 2: wrong usage. */
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
