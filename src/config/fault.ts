/** What is wrong with a configuration: every fault with its place in the file. */
import { CommandFault } from '../cli/fault.ts'
import { visible } from '../cli/terminal.ts'

export type Path = readonly (string | number)[]

export type Fault = {
  /** As people would open it, or null where no file is at fault. */
  readonly file: string | null
  /** From 1; null when the whole file is at fault. */
  readonly line: number | null
  readonly column: number | null
  readonly path: Path
  readonly message: string
}

/** `limits.messageSize`, `listeners[1].port`. */
export const pathText = (path: Path): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`)).join('')

/**
 * `fsmtp.yaml:12:5: limits.messagSize: unknown key; did you mean messageSize?`, in one line: values of the file stand in it,
 * whatever they are.
 */
export const faultText = ({ file, line, column, path, message }: Fault): string => {
  const place = [file, line, column].filter((part) => part !== null).join(':')
  return visible([place, pathText(path), message].filter((part) => part !== '').join(': '))
}

/** Thrown by `loadConfig` with every fault that was found, not just the first. */
export class ConfigFault extends CommandFault {
  readonly faults: readonly Fault[]
  constructor(faults: readonly Fault[]) {
    super(faults.map(faultText).join('\n'))
    this.faults = faults
  }
}
