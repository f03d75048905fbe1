/** deploy/haproxy.cfg by its sections, as far as the tests ask. */
import { read } from '../house/sources.ts'

export type Section = {
  /** `listen`, `defaults` ... */
  readonly kind: string
  readonly name: string
  /** Words of each line. */
  readonly lines: readonly (readonly string[])[]
}

export const sectionsOf = (text: string): readonly Section[] => {
  const sections: { kind: string; name: string; lines: string[][] }[] = []
  for (const line of text.split('\n').map((given) => given.replace(/^\s*#.*/, ''))) {
    const words = line.trim().split(/\s+/)
    if (words[0] === '') continue
    if (/^\S/.test(line)) sections.push({ kind: words[0]!, name: words[1] ?? '', lines: [] })
    else sections.at(-1)!.lines.push(words)
  }
  return sections
}

export const balancerText = (): string => read('deploy/haproxy.cfg')
export const linesOf = ({ lines }: Section, word: string): readonly (readonly string[])[] =>
  lines.filter(([first]) => first === word)
