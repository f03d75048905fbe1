/**
 * Makes `docs/rfc.md`: the standards and how far they are kept (the hand-kept list in `machines/README.md`), and under each the
 * files that obey it, gathered from the `RFC NNNN §x` marks in the code. `node scripts/rfc-table.ts` writes it; a test holds
 * them together. Files are named without line numbers, so that the page changes when the law does, not with every edit.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const house = dirname(dirname(fileURLToPath(import.meta.url)))
export const rfcDoc = join(house, 'docs', 'rfc.md')
const rooms = ['machines', 'projections', 'src']

type Mark = { readonly rfc: number; readonly section: string; readonly file: string }
export type Standard = {
  readonly rfc: number
  readonly title: string
  readonly kept: string
  readonly note: string
}

const marks = /\bRFC (?<rfc>\d{3,5})(?<sections>(?:[,;]?(?: and)? (?:§|[Aa]ppendix )[A-Z\d][\d.]*)*)/g
const whole = ''

const marksOf = (file: string): readonly Mark[] =>
  [...readFileSync(join(house, file), 'utf8').matchAll(marks)].flatMap(({ groups = {} }) => {
    const sections = groups.sections!.match(/(?:§|[Aa]ppendix )[A-Z\d][\d.]*/g) ?? [whole]
    return sections.map((section) => ({
      rfc: Number(groups.rfc),
      section: section.replace(/\.$/, ''),
      file,
    }))
  })

/** Rows of the list: `| 5321 | Simple Mail Transfer Protocol | Partial | what is missing |`. */
export const standards = (): readonly Standard[] =>
  [
    ...readFileSync(join(house, 'machines', 'README.md'), 'utf8').matchAll(
      /^\| (\d{3,5}) \| ([^|]+) \| (Yes|Partial|No) \| ([^|]*)\|$/gm,
    ),
  ].map(([, rfc, title, kept, note]) => ({
    rfc: Number(rfc),
    title: title!.trim(),
    kept: kept!,
    note: note!.trim(),
  }))

/** Every mark in the code. */
export const allMarks = (): readonly Mark[] =>
  rooms
    .flatMap((room) => globSync(`${room}/**/*.ts`, { cwd: house }))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .flatMap(marksOf)

/** `§4.1.10` after `§4.1.9`; what has no number last. */
const bySection = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

const rowsOf = (marked: readonly Mark[]): readonly string[] => {
  const sections = [...new Set(marked.map(({ section }) => section))].sort(bySection)
  return sections.map((section) => {
    const files = new Set(marked.filter((mark) => mark.section === section).map(({ file }) => `\`${file}\``))
    return `| ${section === whole ? 'as a whole' : section} | ${[...files].join(', ')} |`
  })
}

const chapter = ({ rfc, title, kept, note }: Standard, all: readonly Mark[]): string => {
  const rows = rowsOf(all.filter((mark) => mark.rfc === rfc))
  const table = rows.length === 0 ? [] : ['', '| section | kept in |', '|---|---|', ...rows]
  return [`## RFC ${rfc}: ${title}`, '', `${kept}. ${note}`.trim(), ...table, ''].join('\n')
}

const head = `# Standards

*Made by \`node scripts/rfc-table.ts\` from the list in \`machines/README.md\` and the marks in the code.*

| RFC | | kept |
|---|---|---|`

/** The whole page. */
export const rfcPage = (): string => {
  const all = allMarks()
  const list = [...standards()].sort((a, b) => a.rfc - b.rfc)
  return [
    head,
    ...list.map(({ rfc, title, kept }) => `| ${rfc} | ${title} | ${kept} |`),
    '',
    ...list.map((standard) => chapter(standard, all)),
  ].join('\n')
}

if (import.meta.main) writeFileSync(rfcDoc, rfcPage())
