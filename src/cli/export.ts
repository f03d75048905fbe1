/** `fsmtp export`: histories as a file. */
import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { type ExportOptions, exportAll, exportStreams } from '../history/export.ts'
import type { StoredEvent } from '../log/port.ts'
import { forgottenContents, remembered } from '../retention/remembered.ts'
import { CommandFault } from './fault.ts'
import { findHistory } from './found-history.ts'
import { type Reading, reading } from './open.ts'
import { counted, progress, remark } from './terminal.ts'

type Options = {
  readonly all?: boolean
  readonly out?: string
  readonly force?: boolean
  readonly content: boolean
}

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
    .option('--force', 'replace the file where there is one already')
    .option('--no-content', 'events only, without the content of messages')
    .addHelpText('after', example)
    .action((ids: string[], options: Options, command: Command) =>
      reading(command, (opened) => write(opened, ids, options)),
    )
}

const write = async (opened: Reading, ids: readonly string[], options: Options): Promise<void> => {
  const { all, out, force } = options
  if (all ? ids.length > 0 : ids.length === 0) throw new CommandFault('name what to export: ids, or --all', 2)
  if (out !== undefined && !force && existsSync(out))
    throw new CommandFault(`${out} is there already; name another file, or give --force to replace it`)
  const written: Written = { streams: 0, events: 0, bytes: 0 }
  const bar = progress('exporting')
  const tail = all ? await opened.log.tail() : 0
  const wrote = ({ revision, position }: StoredEvent): void => {
    written.events += 1
    if (revision === 0) written.streams += 1
    if (all) bar.update(position, tail)
  }
  const lines = weighed(await linesOf(opened, ids, { ...options, wrote }), written)
  await writeTo(Readable.from(lines), out).finally(bar.end)
  remark(`fsmtp: exported ${writtenText(written)}${out === undefined ? '' : ` to ${out}`}`)
}

type Written = { streams: number; events: number; bytes: number }

const writtenText = ({ streams, events, bytes }: Written): string =>
  [counted(streams, 'stream'), counted(events, 'event'), counted(bytes, 'byte')].join(', ')

async function* weighed(lines: AsyncIterable<string>, written: Written): AsyncGenerator<string> {
  for await (const line of lines) {
    written.bytes += Buffer.byteLength(line)
    yield line
  }
}

const linesOf = async (
  opened: Reading,
  ids: readonly string[],
  { all, content, wrote }: Options & Pick<ExportOptions, 'wrote'>,
): Promise<AsyncGenerator<string>> => {
  let lost = 0
  const forgotten = await forgottenContents(opened.log)
  const options: ExportOptions = {
    log: remembered(opened.log),
    content: content ? (message) => opened.content.stream(message) : null,
    missing: (message) => {
      if (forgotten.has(message)) return
      lost += 1
      if (lost <= 10)
        remark(`fsmtp: the content of message ${message} is not there; its events are exported without it`)
      process.exitCode = 1
    },
    ...(wrote && { wrote }),
  }
  if (all) return exportAll(options)
  const streams: string[] = []
  for (const id of ids) streams.push((await findHistory(opened, id)).stream)
  return exportStreams(streams, options)
}

const writeTo = async (lines: Readable, out: string | undefined): Promise<void> => {
  if (out === undefined) return pipeline(lines, process.stdout, { end: false })
  const unfinished = `${out}.unfinished`
  try {
    await pipeline(lines, createWriteStream(unfinished, { mode: 0o600, flush: true }))
    await rename(unfinished, out)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw unwritable(error, out)
  }
}

const unwritable = (error: unknown, file: string): unknown =>
  error instanceof Error && 'code' in error && 'syscall' in error
    ? new CommandFault(`cannot write ${file}: ${error.message}`)
    : error
