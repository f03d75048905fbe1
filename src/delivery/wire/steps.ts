/** The commands of an envelope, one at a time or all at once; both give the replies in the same order. */
import type { Heard } from './awaited.ts'
import type { Dialogue } from './dialogue.ts'

export type Step = { readonly line: string; readonly command: string; readonly within: number }
/** Each call gives the next reply. @throws HostFailed */
export type Next = () => Promise<Heard>

/** Each command is said when its reply is asked for. */
export const turnByTurn = (dialogue: Dialogue, steps: readonly Step[]): Next => {
  const rest = steps.values()
  return () => {
    const step = rest.next().value
    if (step === undefined) throw new Error('there is no further command')
    return dialogue.ask(step.line, step)
  }
}

/** All commands are said now, in one packet where they fit (RFC 2920 §3.1). */
export const together = (dialogue: Dialogue, steps: readonly Step[]): Next => {
  const replies = steps.map(({ command, within }) => dialogue.expect(command, within)).values()
  dialogue.say(steps.map(({ line }) => line))
  return () => replies.next().value ?? Promise.reject(new Error('there is no further command'))
}
