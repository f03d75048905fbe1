/** The sources as text, for tests that read them. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const house = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export type Source = {
  /** From the house's door, with forward slashes: `src/log/port.ts`. */
  readonly path: string
  readonly text: string
  /** The text without its comments; what is in strings stays. */
  readonly code: string
}

/** Comments go, line breaks stay. `://` in a string is no comment. */
const withoutComments = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(?<![:'"`\\])\/\/[^\n]*/g, '')

export const read = (path: string): string => readFileSync(join(house, path), 'utf8')

/** Every TypeScript and JavaScript file of these rooms, sorted. */
export const sourcesOf = (...rooms: readonly string[]): readonly Source[] =>
  rooms
    .flatMap((room) => globSync(`${room}/**/*.{ts,tsx,js}`, { cwd: house }))
    .map((path) => path.replaceAll('\\', '/'))
    // What was built of the page is nobody's source.
    .filter((path) => !path.startsWith('src/web/dist/'))
    .sort()
    .map((path) => {
      const text = read(path)
      return { path, text, code: withoutComments(text) }
    })

export type Import = {
  /** `node:fs`, `xstate`, or a file of the house: `machines/vocabulary/events.ts`. */
  readonly target: string
  /** Leaves no trace at run time. */
  readonly typeOnly: boolean
}

const importing =
  /(?:^|\n)\s*(?:import|export)\b(?<clause>[^'";]*?)\bfrom\s*'(?<from>[^']+)'|(?:^|\n)\s*import\s*'(?<bare>[^']+)'|\bimport\(\s*'(?<dynamic>[^']+)'/g

const resolve = (path: string, specifier: string): string =>
  specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier

/** What a file imports, re-exports and imports on demand. */
export const importsOf = ({ path, code }: Source): readonly Import[] =>
  [...code.matchAll(importing)].map(({ groups = {} }) => ({
    target: resolve(path, groups.from ?? groups.bare ?? groups.dynamic ?? ''),
    typeOnly: /^\s*type\b/.test(groups.clause ?? ''),
  }))
