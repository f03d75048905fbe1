/** Waiting for a key between two steps. */
import { once } from 'node:events'
import { CommandFault } from './fault.ts'

/** @throws CommandFault where nobody could press one */
export const needTerminal = (): void => {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new CommandFault('--step waits for keys, so it needs a terminal', 2)
}

/** The key that was pressed; `q` also for the keys that usually end a program. */
export const keyPressed = async (): Promise<string> => {
  process.stdin.setRawMode(true).resume()
  const [pressed] = (await once(process.stdin, 'data')) as [Buffer]
  process.stdin.setRawMode(false).pause()
  const key = pressed.toString('latin1')
  return key === '\u0003' || key === '\u0004' || key === '\u001b' ? 'q' : key
}
