/** `fsmtp import`: takes exported histories into the log. */
import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { beginContent, type ContentPlace } from '../content/open.ts'
import { type ContentWriter, smallContent } from '../content/port.ts'
import { HistoryFault } from '../history/fault.ts'
import { type ContentSink, type Imported, importHistory } from '../history/import.ts'
import { hasLog, type LogPlace, openLogReader } from '../log/open.ts'
import type { LogReader } from '../log/port.ts'
import { CommandFault } from './fault.ts'
import { inputFrom, type Opened } from './input-file.ts'
import { counted, ndjson, type Progress, print, progress, remark, visible } from './terminal.ts'
import { openForWriting, type Writing } from './write.ts'

type Options = { readonly config?: string; readonly data?: string; readonly json?: boolean }

const example = `
The same events again change nothing; other events at a place that is taken are refused, and nothing is imported.
Examples:
  fsmtp import session.ndjson
  zcat everything.ndjson.gz | fsmtp import -`

export const register = (program: Command): void => {
  program
    .command('import')
    .argument('<file>', 'a file that `fsmtp export` wrote, or - for standard input')
    .description('take exported histories into the log')
    .addHelpText('after', example)
    .action((file: string, _: unknown, command: Command) =>
      importFile(file, command.optsWithGlobals<Options>()),
    )
}

type Reader = Pick<LogReader, 'readAll' | 'readStream' | 'tail' | 'close'>
const none = async function* () {}
const nothing: Reader = { readAll: none, readStream: none, tail: async () => 0, close: async () => {} }

const readerOf = async (place: LogPlace): Promise<Reader> => (hasLog(place) ? openLogReader(place) : nothing)

/**
 * Large content goes to its file, or to the bucket, beside whatever writes the log: a body is nobody's until its event is there. Without a
 * server the directory is locked first, or one that starts meanwhile would sweep such bodies away.
 */
const sinkIn = (place: ContentPlace, message: string, locked: () => Promise<unknown>): ContentSink => {
  const writer = locked().then(() => beginContent(place, message))
  const opened = (work: (writer: ContentWriter) => unknown): Promise<void> =>
    writer.then(async (file) => {
      await work(file)
    })
  return {
    write: (bytes) => opened((file) => file.write(bytes)),
    finish: () => opened((file) => file.finish()).catch((error) => keptAlready(error, message)),
    discard: () => opened((file) => file.discard()),
  }
}

const keptAlready = (error: unknown, message: string): never => {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
    throw new HistoryFault(
      `the content of message ${message} is there already, without its event; the next \`fsmtp serve\` sweeps it away`,
    )
  throw error
}

const importFile = async (asked: string, options: Options): Promise<void> => {
  const { config } = loadConfig({ file: options.config, data: options.data })
  const input = await inputFrom(asked)
  const log = await readerOf(config)
  // Opened when there is something to write: a file that is refused leaves no trace.
  let writing: Promise<Writing> | null = null
  const opened = (): Promise<Writing> => {
    writing ??= openForWriting(config)
    return writing
  }
  const bar = progress('importing')
  try {
    const done = await importHistory({
      ...{ open: watched(input, bar), log, inlineLimit: smallContent },
      append: async (appends) => (await opened()).append(appends),
      beginContent: (message) => sinkIn(config, message, opened),
    })
    tell(done, options)
  } catch (error) {
    throw error instanceof HistoryFault ? new CommandFault(visible(`${asked}: ${error.message}`)) : error
  } finally {
    bar.end()
    await (writing as Promise<Writing> | null)?.then((open) => open.close())
    await log.close()
    await input.close()
  }
}

/** The file, read at most twice, with a bar that says how much of that is done. */
const watched = ({ open, size }: Opened, bar: Progress): (() => AsyncIterable<Uint8Array>) => {
  let done = 0
  return async function* () {
    for await (const piece of open()) {
      done += piece.length
      bar.update(done, 2 * size)
      yield piece
    }
  }
}

const alreadyThere = (known: number): string =>
  known === 0 ? '' : `, ${known} ${known === 1 ? 'was' : 'were'} there already`

const tell = (done: Imported, { json }: Options): void => {
  const { added, known, withoutContent, accounts, unreplayed } = done
  if (json) ndjson(done)
  else print(`${counted(added, 'event')} imported${alreadyThere(known)}`)
  if (accounts > 0)
    remark(
      `fsmtp: ${accounts === 1 ? '1 account came along, with its password' : `${accounts} accounts came along, with their passwords`}; see \`fsmtp user list\``,
    )
  if (unreplayed > 0)
    remark(
      `fsmtp: ${counted(unreplayed, 'history', 'histories')} of machines this release does not have could not be replayed`,
    )
  if (withoutContent > 0)
    remark(
      `fsmtp: ${withoutContent} of the messages came without their content; \`fsmtp verify\` will name them`,
    )
}
