/** What reading commands open: the log, the views and the contents of a data directory, whether or not a server runs. */
import type { Command } from 'commander'
import { type Loaded, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { type ContentReader, openContentReader } from '../content/open.ts'
import { hasLog, openLogReader } from '../log/open.ts'
import type { LogReader } from '../log/port.ts'
import type { CaughtUp, Foreign } from '../views/catch-up.ts'
import { ViewsDamaged } from '../views/damage.ts'
import { openViews, type ViewReader } from '../views/index.ts'
import { CommandFault } from './fault.ts'
import { counted, progress, remark } from './terminal.ts'

export type GlobalOptions = { readonly config?: string; readonly data?: string; readonly json?: boolean }

export type Reading = {
  readonly loaded: Loaded
  readonly config: Config
  readonly json: boolean
  readonly log: LogReader
  /** To be brought up to date with `freshViews` before it is asked anything. */
  readonly views: ViewReader
  readonly content: ContentReader
  close(): Promise<void>
}

const nothingThere = (directory: string): CommandFault =>
  new CommandFault(
    `there is no mail log in ${directory}; start the server with \`fsmtp serve\`, or name another directory with --data`,
  )

/** @throws CommandFault where there is no log, ConfigFault where the configuration is at fault */
export const openForReading = async (command: Command): Promise<Reading> => {
  const options = command.optsWithGlobals<GlobalOptions>()
  const loaded = loadConfig({ file: options.config, data: options.data })
  const { config } = loaded
  const directory = config.data
  if (!hasLog(config)) throw nothingThere(directory)
  const log = await openLogReader(config)
  const views = openViews({ directory, log, notice: remark })
  const content = await openContentReader(config, log)
  return {
    loaded,
    config,
    json: options.json === true,
    log,
    views,
    content,
    close: async () => {
      content.close()
      views.close()
      await log.close()
    },
  }
}

/** Opens, does `work`, and closes again, come what may. */
export const reading = async <Result>(
  command: Command,
  work: (reading: Reading) => Promise<Result>,
): Promise<Result> => {
  try {
    const opened = await openForReading(command)
    try {
      return await work(opened)
    } finally {
      await opened.close()
    }
  } catch (error) {
    throw error instanceof ViewsDamaged
      ? new CommandFault(error.message)
      : (unwritable(error) ?? unfinished(error) ?? error)
  }
}

/** SQLite's result codes for a place where nothing can be written (https://sqlite.org/rescode.html). */
const sqliteReadOnly = 8
const sqliteCannotOpen = 14
const readOnlyPlaces = new Set(['EROFS', 'EACCES', 'EPERM'])

/** A data directory that may only be read, in a sentence; null for any other fault. */
export const unwritable = (error: unknown): CommandFault | null => {
  if (!(error instanceof Error)) return null
  const primary = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0
  const isReadOnly =
    primary === sqliteReadOnly ||
    primary === sqliteCannotOpen ||
    ('code' in error && readOnlyPlaces.has(String(error.code)))
  if (!isReadOnly) return null
  return new CommandFault(
    `the data directory cannot be written to (${error.message}), and the views are kept there; run this as the user who owns it, or give --data a copy that you may write to`,
  )
}

/** Says what makes an answer less than the whole truth. */
const warn = ({ behind, stopped }: CaughtUp, used: readonly string[]): void => {
  if (behind > 0)
    remark(`fsmtp: the views are ${counted(behind, 'event')} behind the log; this is what they know so far`)
  for (const { name, position, error } of stopped)
    if (used.includes(name))
      remark(
        `fsmtp: the view ${name} stopped at position ${position} (${error}); what came later is missing here, see \`fsmtp views\``,
      )
}

/** Milliseconds: who asks while a view is built again is told so rather than kept waiting. */
const patienceWithForeign = 5_000

/** @throws CommandFault where the answer would come from rows that another release made */
const refuseForeign = ({ foreign }: CaughtUp, used: readonly string[]): void => {
  const [view] = foreign.filter(({ name }) => used.includes(name))
  if (view !== undefined) throw new CommandFault(foreignText(view))
}

const foreignText = ({ name, version, built }: Foreign): string =>
  built === null
    ? `the view ${name} has version ${version}, which this release cannot read, and nobody builds it again: the server that runs here is of another release; restart it with this one, or use its own commands`
    : `the view ${name} is being built again for this release, from the log, and has read it up to position ${built}; try again in a moment, \`fsmtp views\` shows how far it is`

/** A view that was asked for what it does not have: as `foreignText`, for whoever did not look first. */
const unfinished = (error: unknown): CommandFault | null =>
  error instanceof Error && /^no such (?:column|table): /.test(error.message)
    ? new CommandFault(
        `a view of another release is in place, and lacks what this one asks for (${error.message}); try again in a moment, \`fsmtp views\` shows how far the views are`,
      )
    : null

/**
 * The views, holding all that the log held at the time of the call. `used` names those the answer comes from: when one has
 * stopped, standard error says so.
 */
export const freshViews = async (
  { views }: Pick<Reading, 'views'>,
  used: readonly string[],
): Promise<ViewReader> => {
  const bar = progress('reading the log')
  try {
    const caughtUp = await views.caughtUp({
      progress: bar.update,
      foreignTimeout: patienceWithForeign,
      ...(used.length > 0 && { names: used }),
    })
    refuseForeign(caughtUp, used)
    warn(caughtUp, used)
  } finally {
    bar.end()
  }
  return views
}
