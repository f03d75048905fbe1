/**
 * `npm test`: every `*.test.ts` under `test/`, each file in its own process, a line for each file, every failure in full, the
 * skipped ones by name, and a count. `npm test -- house dialogues/ehlo` runs the files whose path contains one of the words.
 *
 * With FSMTP_REQUIRE_ALL=1 a skipped test is a failure.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, relative } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
/** A file that has not ended by then hangs, on the slowest machine, too. */
const patience = 10 * 60_000
const requireAll = process.env.FSMTP_REQUIRE_ALL === '1'
const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined

const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

const chooseFiles = (words: readonly string[]): readonly string[] =>
  globSync('**/*.test.ts', { cwd: here })
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word.replace(/^test\//, ''))))
    .sort()
    .map((file) => `${here}/${file}`)

/** Of what a test tells of itself. A test that a shared piece makes counts for the file that asked for it. */
type Origin = { readonly file?: string | undefined; readonly entryFile?: string | undefined }
const originOf = ({ file, entryFile }: Origin): string => nameOf(entryFile ?? file)

type Outcome = { readonly file: string; readonly title: string; readonly detail: string }

/** `house/arrows: vocabulary imports nothing`. */
const titled = ({ file, title }: Outcome): string => `${file.replace(/\.test\.ts$/, '')}: ${title}`
const nameOf = (file: string | undefined): string => (file === undefined ? '?' : relative(here, file))

const detailOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause)
  return text.replace(/^ +at .*node:(internal|async_hooks).*\n?/gm, '').trimEnd()
}

const tally = { passed: 0, failed: 0, skipped: 0 }
const failures: Outcome[] = []
/** What a file said beside its tests: shown when the file fails, where it may hold the reason. */
const asides = new Map<string, string>()
const skips: Outcome[] = []

const files = chooseFiles(process.argv.slice(2))
if (files.length === 0) {
  say('no test file matches')
  process.exit(2)
}

const startedAt = performance.now()
const given = new AbortController()
const stream = run({
  files: [...files],
  concurrency: Math.max(2, availableParallelism()),
  timeout: patience,
  signal: given.signal,
})

/** Files under way, with when they began. The runner's own limit is for tests; a file may hang after its last one. */
const underWay = new Map<string, number>()
stream.on('test:dequeue', ({ name }) => {
  if (files.includes(name)) underWay.set(name, performance.now())
})
stream.on('test:complete', ({ name }) => underWay.delete(name))
const watch = setInterval(() => {
  const late = [...underWay].filter(([, began]) => performance.now() - began > patience)
  if (late.length === 0) return
  for (const [file] of late)
    keep(file, `did not end within ${patience / 60_000} minutes: the run is given up\n`)
  given.abort()
}, 1000)

const isTest = (event: { details: { type?: string | undefined }; name: string }): boolean =>
  event.details.type !== 'suite' && !files.includes(event.name)

stream.on('test:pass', (event) => {
  if (event.skip !== undefined && event.skip !== false) {
    skips.push({
      file: originOf(event),
      title: event.name,
      detail: event.skip === true || event.skip === '' ? 'skipped' : String(event.skip),
    })
    tally.skipped += 1
  } else if (isTest(event)) tally.passed += 1
})

stream.on('test:fail', (event) => {
  const { error } = event.details
  // A parent fails because its children did; they have said why.
  if ('failureType' in error && error.failureType === 'subtestsFailed') return
  failures.push({ file: originOf(event), title: event.name, detail: detailOf(error) })
  tally.failed += 1
})

const keep = (file: string | undefined, text: string): void => {
  asides.set(nameOf(file), `${asides.get(nameOf(file)) ?? ''}${text}`)
}
stream.on('test:stderr', ({ file, message }) => keep(file, message))
stream.on('test:diagnostic', ({ file, message }) => {
  if (file !== undefined) keep(file, `${message}\n`)
})

stream.on('test:summary', ({ file, counts, duration_ms: took, success }) => {
  if (file === undefined) return
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  const mark = success ? paint(32, 'ok') : paint(31, 'FAILED')
  say(`${mark} ${nameOf(file)} (${counts.tests} tests${skipped}, ${Math.round(took)} ms)`)
})

const report = (): void => {
  clearInterval(watch)
  for (const failure of failures) {
    say(`\n${paint(31, 'failed:')} ${titled(failure)}`)
    say(failure.detail.replace(/^/gm, '  '))
  }
  for (const file of new Set(failures.map((failure) => failure.file))) {
    const aside = asides.get(file)
    if (aside !== undefined) say(`\n${file} also said:\n${aside.replace(/^/gm, '  ').trimEnd()}`)
  }
  if (skips.length > 0) say('')
  for (const skip of skips) say(`${paint(33, 'skipped:')} ${skip.detail}: ${titled(skip)}`)
  const refused = requireAll && tally.skipped > 0
  if (refused) say('nothing may be skipped here (FSMTP_REQUIRE_ALL=1)')
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  say(
    `\n${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped in ${files.length} files, ${seconds} s`,
  )
  process.exitCode = tally.failed > 0 || refused || tally.passed === 0 ? 1 : 0
}

stream.on('end', report)
stream.resume()
