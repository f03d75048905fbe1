/** The dialogue of a session as it was spoken, told from its steps. */
import type { Step } from './steps.ts'

/** Silence worth mentioning, milliseconds. */
const notable = 1000

const silence = (milliseconds: number): string => `(${(milliseconds / 1000).toFixed(1)} s later)`

/** `C:` and `S:` lines, with `(3.2 s later)` where nobody spoke for a second or more. */
export const transcript = (steps: readonly Pick<Step, 'at' | 'dialogue'>[]): string[] => {
  const lines: string[] = []
  let before: number | null = null
  for (const { at, dialogue } of steps) {
    if (dialogue.length === 0) continue
    const now = Date.parse(at)
    if (before !== null && now - before >= notable) lines.push(silence(now - before))
    lines.push(...dialogue)
    before = now
  }
  return lines
}
