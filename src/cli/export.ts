/** `fsmtp export`: histories as a file. */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { type ExportOptions, exportAll, exportStreams } from '../history/export.ts'
import { CommandFault } from './fault.ts'
import { findHistory } from './found-history.ts'
import { type Reading, reading } from './open.ts'
import { progress, remark } from './terminal.ts'

type Options = { readonly all?: boolean; readonly out?: string; readonly content: boolean }
type Shown = { readonly shown?: (position: number) => void }

const example = `
The file is NDJSON: a header, events, and the content of the messages unless --no-content is given. It holds what
replaying needs; \`fsmtp replay FILE\` and \`fsmtp verify FILE\` read it without any data directory.
Examples:
  fsmtp export 01kdy4 --out session.ndjson
  fsmtp export --all | gzip > everything.ndjson.gz`

export const register = (program: Command): void => {
  program
    .command('export')
    .argument('[id...]', 'session or message ids, or names of streams')
    .description('write histories as a file')
    .option('--all', 'everything in the log')
    .option('--out <file>', 'where to write; standard output without it')
    .option('--no-content', 'events only, without the content of messages')
    .addHelpText('after', example)
    .action((ids: string[], options: Options, command: Command) =>
      reading(command, (opened) => write(opened, ids, options)),
    )
}

const linesOf = async (
  opened: Reading,
  ids: readonly string[],
  { all, content, shown }: Options & Shown,
): Promise<AsyncGenerator<string>> => {
  if (all ? ids.length > 0 : ids.length === 0) throw new CommandFault('name what to export: ids, or --all', 2)
  let lost = 0
  const options: ExportOptions = {
    log: opened.log,
    content: content ? (message) => opened.content.stream(message) : null,
    missing: (message) => {
      lost += 1
      if (lost <= 10)
        remark(`fsmtp: the content of message ${message} is not there; its events are exported without it`)
      process.exitCode = 1
    },
    ...(shown && { progress: shown }),
  }
  if (all) return exportAll(options)
  const streams: string[] = []
  for (const id of ids) streams.push((await findHistory(opened, id)).stream)
  return exportStreams(streams, options)
}

const write = async (opened: Reading, ids: readonly string[], options: Options): Promise<void> => {
  const tail = options.all ? await opened.log.tail() : 0
  const bar = progress('exporting')
  const shown = (position: number): void => bar.update(position, tail)
  const lines = Readable.from(await linesOf(opened, ids, { ...options, ...(options.all && { shown }) }))
  await writeTo(lines, options).finally(bar.end)
}

const writeTo = async (lines: Readable, options: Options): Promise<void> => {
  if (options.out === undefined) return pipeline(lines, process.stdout, { end: false })
  const unfinished = `${options.out}.unfinished`
  try {
    await pipeline(lines, createWriteStream(unfinished, { mode: 0o600, flush: true }))
    await rename(unfinished, options.out)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw unwritable(error, options.out)
  }
}

const unwritable = (error: unknown, file: string): unknown =>
  error instanceof Error && 'code' in error && 'syscall' in error
    ? new CommandFault(`cannot write ${file}: ${error.message}`)
    : error
