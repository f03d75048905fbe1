/** What the commands about accounts and domains share: the directory as it is now, and a hand that may change it. */
import { Directory } from '../authentication/directory.ts'
import { type Enrolled, Enrolment } from '../authentication/enrolment.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import { hasLog, openLogReader } from '../log/open.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'
import { openForWriting, type Writing } from './write.ts'

export type Known = { readonly directory: Directory; readonly loaded: Loaded }

/** The accounts and domains that the log and the configuration know now; before the first start, the configuration alone. */
export const knownNow = async (options: GlobalOptions): Promise<Known> => {
  const loaded = loadConfig({ file: options.config, data: options.data })
  const { config } = loaded
  if (!hasLog(config)) return { directory: new Directory(config), loaded }
  const log = await openLogReader(config)
  try {
    return { directory: await Directory.read(log, config), loaded }
  } finally {
    await log.close()
  }
}

/**
 * Lets `change` make one change, through the running server or in the log itself.
 * @throws CommandFault with the reason when it was refused
 */
export const enrolling = async (
  options: GlobalOptions,
  change: (enrolment: Enrolment) => Promise<Enrolled>,
): Promise<void> => {
  const known = await knownNow(options)
  let opened: Writing | null = null
  // Opened when there is something to write: a change that is refused leaves no trace.
  const append: Writing['append'] = async (appends) => {
    opened ??= await openForWriting(known.loaded.config)
    return opened.append(appends)
  }
  try {
    const done = await change(new Enrolment({ directory: known.directory, log: { append } }))
    if (!done.ok) throw new CommandFault(done.reason)
  } finally {
    await (opened as Writing | null)?.close()
  }
}
