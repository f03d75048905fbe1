/**
 * Makes the table of calls at the end of `docs/api.md` from the rows of the Web API. `node scripts/api-doc.ts` writes it; a test holds the
 * two together.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forAccount } from '../src/http/api/document.ts'
import type { Endpoint } from '../src/http/api/endpoint.ts'
import { rows } from '../src/http/api/index.ts'

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'api.md')
const heading = '## All calls\n'

/** Words of the table are not its lines. */
const plain = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const asked = ({ query = {}, headers = {} }: Endpoint): string =>
  [...Object.keys(query), ...Object.keys(headers)].map((name) => `\`${name}\``).join(', ')

const accountOf = (row: Endpoint): string =>
  row.access === 'anybody' ? 'anybody' : (forAccount(row) ?? 'no')

const line = (row: Endpoint): string =>
  `| \`${row.method} ${row.path}\` | ${row.access ?? row.role} | ${accountOf(row)} | ${plain(row.about)} | ${asked(row)} |`

const section = ([tag, found = []]: readonly [string, (readonly Endpoint[])?]): string =>
  [
    `### ${tag}`,
    '',
    '| call | role | one account | what it does | may say |',
    '|---|---|---|---|---|',
    ...found.map(line),
  ].join('\n')

/** The page, with its table as the rows have it. */
export const apiPage = (): string => {
  const [before = ''] = readFileSync(file, 'utf8').split(heading)
  const tables = Object.entries(Object.groupBy(rows, ({ tag }) => tag)).map(section)
  const words =
    'Below `/api/v1`. *Role* is what a key or an account must have: `look`, `act`, `administer`; `anybody` needs none. *One account*: what a login or a key of one account sees of it, which is no administrator’s; where it says no, the answer is 403. *May say*: query parameters and headers; bodies, answers and what each field means are in `openapi.json`.'
  return `${before}${heading}\n${[words, ...tables].join('\n\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, apiPage())
