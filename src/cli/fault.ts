/** An expected failure of a command: one line that says what is wrong and what to do, and the exit code. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault'
  /**
   * 1: no, or found a fault; 2: wrong usage. Usage is wrong where the words alone show it: an option that is not known, a value
   * that is none, one that is missing, two that contradict each other. What had to be looked for is 1: a file that is not there
   * or cannot be read, a configuration with faults, an id that nothing has.
   */
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
