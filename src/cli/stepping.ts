/** Waiting for a key between two steps. */
import { CommandFault } from './fault.ts'
import { toned } from './terminal.ts'

/** @throws CommandFault where nobody could press one */
export const needTerminal = (): void => {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new CommandFault('--step waits for keys, so it needs a terminal', 2)
}

/** Of a terminal's input, what is needed to read keys. */
export type KeySource = Pick<NodeJS.ReadableStream, 'resume' | 'pause' | 'on' | 'off'> & {
  setRawMode(raw: boolean): unknown
}

/** One key each: a character, or all that an arrow or a function key sends (ECMA-48 §5.4, and SS3 as xterm has it). */
const key = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])|./gsu

/** Keys that end a program elsewhere: Ctrl-C, Ctrl-D, Esc alone. */
const endings: ReadonlySet<string> = new Set(['\u0003', '\u0004', '\u001b', 'q', 'Q'])

/**
 * The keys of a terminal, which is raw until `close`: what is typed ahead is neither echoed nor lost. A paste, or a key held
 * down, comes in one piece and is as many keys as it has.
 */
export class Keys {
  readonly #source: KeySource
  #typed: string[] = []
  #wanting: ((key: string) => void) | null = null
  #ended = false

  constructor(source: KeySource) {
    this.#source = source
    source.setRawMode(true)
    source.on('data', this.#take).on('end', this.#end).resume()
  }

  /** False when the reader wants no more, or the terminal is gone. */
  async goesOn(): Promise<boolean> {
    const pressed = this.#typed.shift() ?? (this.#ended ? 'q' : await this.#next())
    return !endings.has(pressed)
  }

  close(): void {
    this.#source.off('data', this.#take).off('end', this.#end)
    this.#source.setRawMode(false)
    this.#source.pause()
  }

  #next(): Promise<string> {
    return new Promise((resolve) => {
      this.#wanting = resolve
    })
  }

  readonly #take = (piece: Buffer | string): void => {
    this.#typed.push(...(piece.toString('latin1').match(key) ?? []))
    this.#answer()
  }

  readonly #end = (): void => {
    this.#ended = true
    this.#typed.push('q')
    this.#answer()
  }

  #answer(): void {
    const wanting = this.#wanting
    const pressed = wanting === null ? undefined : this.#typed.shift()
    if (wanting === null || pressed === undefined) return
    this.#wanting = null
    wanting(pressed)
  }
}

/** Whether to go on: asked before each step but the first. */
export type Pause = () => Promise<boolean>

const hint = 'any key: next step   q: end'

/** Runs `work` with pauses for keys, if they are wanted; the terminal is as it was before, whatever happens. */
export const withPauses = async (wanted: boolean, work: (pause: Pause) => Promise<void>): Promise<void> => {
  if (!wanted) return work(async () => true)
  const keys = new Keys(process.stdin)
  try {
    await work(async () => {
      process.stdout.write(toned('weak', hint))
      const goesOn = await keys.goesOn()
      process.stdout.write('\r\u001b[K')
      return goesOn
    })
  } finally {
    keys.close()
  }
}
