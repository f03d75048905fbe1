/** `fsmtp verify`: proves the log, or a part of it, or a file. */
import { hash } from 'node:crypto'
import type { Command } from 'commander'
import { machines } from '../../machines/index.ts'
import { smallContent } from '../content/port.ts'
import { HistoryFault } from '../history/fault.ts'
import { HistoryFile } from '../history/file.ts'
import { type Finding, findingText, isSound, type Summary, type WrongView } from '../history/findings.ts'
import { type ContentCheck, type Pages, verifyLog, verifyPages } from '../history/verify.ts'
import { LogDamaged } from '../log/port.ts'
import { forgottenContents, remembered } from '../retention/remembered.ts'
import { openDeliveryBooks } from './delivery-books.ts'
import { CommandFault } from './fault.ts'
import { findHistory } from './found-history.ts'
import { inputFrom, isFile } from './input-file.ts'
import { openMailboxBooks } from './mailbox-books.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { counted, ndjson, print, progress, toned, visible } from './terminal.ts'
import { viewsAhead, viewsStopped } from './view-faults.ts'

type Options = { readonly json?: boolean }

const example = `
Every stream is folded again through its machine and compared with what was recorded; every body is hashed; every
accepted recipient is looked for. Exit 1 unless all is well. A file that was written without content, or without that
of some messages, says so: their bodies are not checked.
Examples:
  fsmtp verify
  fsmtp verify 01kdy4 --json
  fsmtp verify everything.ndjson`

export const register = (program: Command): void => {
  program
    .command('verify')
    .argument('[id|file...]', 'sessions, messages or history files; the whole log without any')
    .description('prove the log: replay every stream, check contents and the ledger')
    .addHelpText('after', example)
    .action((asked: string[], _: unknown, command: Command) => verify(asked, command))
}

const verify = async (asked: readonly string[], command: Command): Promise<void> => {
  const json = command.optsWithGlobals<Options>().json === true
  const files = asked.filter(isFile)
  const ids = asked.filter((one) => !isFile(one))
  const summaries: Summary[] = []
  for (const file of files) summaries.push(await verifyFile(file, json))
  if (ids.length > 0) summaries.push(await reading(command, (opened) => verifyIds(opened, ids)))
  if (asked.length === 0) summaries.push(await reading(command, verifyAll))
  tell(summaries.reduce(sum), json)
}

const show =
  (json: boolean) =>
  (finding: Finding): void => {
    if (json) ndjson(finding)
    else print(toned('bad', visible(findingText(finding))))
  }

/** Small bodies are hashed in one go, large ones as they are read. One that retention took away is no fault. */
const contentCheck = ({ content, log }: Pick<Reading, 'content' | 'log'>): ContentCheck => {
  let forgotten: ReturnType<typeof forgottenContents> | null = null
  return async (message, size, sha256) => {
    const small = size <= smallContent ? await content.read(message) : null
    if (small !== null && small.length === size && hash('sha256', small, 'hex') === sha256) return null
    const verdict = await content.verify(message, { size, sha256 })
    if (verdict === 'intact') return null
    if (verdict === 'damaged') return 'its content is not what was accepted'
    forgotten ??= forgottenContents(log)
    return (await forgotten).has(message) ? null : 'its content is missing'
  }
}

/** Damage that keeps the views from being brought up to date is found again when the log is read. */
const viewsOf = async (opened: Reading): Promise<readonly WrongView[]> => {
  const { data } = opened.config
  try {
    // Looked at before and after: views that know more than the log are made anew by whoever folds it again.
    const ahead = await viewsAhead(data, opened.log)
    await freshViews(opened, [])
    return [...ahead, ...viewsStopped(data)]
  } catch (error) {
    if (error instanceof LogDamaged) return viewsStopped(data)
    throw error
  }
}

const verifyAll = async (opened: Reading): Promise<Summary> => {
  const views = await viewsOf(opened)
  const books = openMailboxBooks(opened.config.data)
  const deliveries = openDeliveryBooks(opened.config.data)
  const tail = await opened.log.tail().catch(() => 0)
  const bar = progress('verifying')
  try {
    return await verifyLog(remembered(opened.log), {
      ...{
        machines,
        books,
        deliveries,
        views,
        content: contentCheck(opened),
        found: show(opened.json),
      },
      progress: (position) => bar.update(position, tail),
    })
  } finally {
    bar.end()
    books?.close()
    deliveries?.close()
  }
}

const streamsOf = (opened: Reading, ids: readonly string[]): Pages =>
  async function* (damaged) {
    for (const id of ids) {
      const { stream } = await findHistory(opened, id)
      try {
        yield* opened.log.readStream(stream)
      } catch (error) {
        if (!(error instanceof LogDamaged)) throw error
        damaged({ kind: 'damaged', position: error.position, detail: error.detail })
      }
    }
  }

const verifyIds = (opened: Reading, ids: readonly string[]): Promise<Summary> =>
  verifyPages(streamsOf(opened, ids), opened.log, {
    ...{ machines, books: null, content: contentCheck(opened), found: show(opened.json) },
  })

const verifyFile = async (asked: string, json: boolean): Promise<Summary> => {
  const input = await inputFrom(asked)
  const file = new HistoryFile(input.open)
  try {
    return await verifyPages(() => file.pages(), file.log, {
      ...{ machines, books: null, content: file.content, found: show(json) },
    })
  } catch (error) {
    throw error instanceof HistoryFault ? new CommandFault(visible(`${asked}: ${error.message}`)) : error
  } finally {
    await input.close()
  }
}

const sum = (a: Summary, b: Summary): Summary => {
  const added = Object.entries(a).map(([key, value]) => [key, value + b[key as keyof Summary]])
  return Object.fromEntries(added) as Summary
}

const sentenceOf = (summary: Summary): string => {
  const { streams, transitions, messages, ms } = summary
  const rate =
    ms === 0 ? '' : `, ${Math.round((transitions / ms) * 1000).toLocaleString('en')} transitions a second`
  const what = [counted(streams, 'stream'), counted(transitions, 'transition'), counted(messages, 'message')]
  return `${what.join(', ')} in ${(ms / 1000).toFixed(1)} s${rate}`
}

const faultsOf = (summary: Summary): string =>
  faults
    .filter(([key]) => summary[key] > 0)
    .map(([key, one, many = one]) => counted(summary[key], one, many))
    .join(', ')
const faults = [
  ['diverged', 'diverged'],
  ['undecodable', 'undecodable'],
  ['unknownVersion', 'of an unknown machine version'],
  ['damaged', 'place of the log damaged', 'places of the log damaged'],
  ['contentFaults', 'content missing or changed', 'contents missing or changed'],
  ['unaccounted', 'recipient unaccounted for', 'recipients unaccounted for'],
  ['views', 'view stopped or ahead of the log', 'views stopped or ahead of the log'],
] as const satisfies readonly (readonly [keyof Summary, one: string, many?: string])[]

const tell = (summary: Summary, json: boolean): void => {
  if (json) ndjson({ summary: true, ...summary })
  else {
    print(sentenceOf(summary))
    if (summary.unchecked > 0)
      print(`not checked: ${counted(summary.unchecked, 'content')}, without which the file was written`)
    print(isSound(summary) ? toned('good', 'all is well') : toned('bad', `not well: ${faultsOf(summary)}`))
  }
  if (!isSound(summary)) process.exitCode = 1
}
