/** `fsmtp backup`: a copy of everything that cannot be computed again, while the server goes on. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { withoutSecret } from '../config/show.ts'
import { isBucketAddress } from '../content/s3/address.ts'
import { backup, TargetNotEmpty } from '../log/backup.ts'
import { isKurrentAddress } from '../log/kurrent/index.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'
import { counted, ndjson, print, progress, remark } from './terminal.ts'

const example = `
The log, message bodies, certificates and keys are copied; views are computed again from the log. The copy is read and checked.
Examples:
  fsmtp backup /var/backups/fsmtp-monday
  fsmtp serve --data /var/backups/fsmtp-monday`

export const register = (program: Command): void => {
  program
    .command('backup')
    .argument('<directory>', 'where to: a new or an empty directory')
    .description('copy the data directory, also while the server runs; `serve --data` works on the copy')
    .addHelpText('after', example)
    .action((target: string, _: unknown, command: Command) => run(target, command.optsWithGlobals()))
}

const run = async (target: string, options: GlobalOptions): Promise<void> => {
  const { config } = loadConfig({ file: options.config, data: options.data })
  if (isKurrentAddress(config.log))
    throw new CommandFault(
      `the log is in a database, which has its own way of making copies; message bodies are in ${isBucketAddress(config.content) ? withoutSecret(config.content) : 'bodies.sqlite and content/ of the data directory'}. \`fsmtp export --all\` writes everything as histories`,
    )
  const bar = progress('copying')
  const copied = await backup({ directory: config.data, target, progress: bar.update })
    .catch((error: unknown) => {
      throw error instanceof TargetNotEmpty ? new CommandFault(error.message) : error
    })
    .finally(bar.end)
  const { events, files, damage } = copied
  const directory = resolve(target)
  if (options.json) ndjson({ directory, events, files, damage: damage?.message ?? null })
  else print(`copied ${counted(events, 'event')} and ${counted(files, 'file')} to ${directory}`)
  if (isBucketAddress(config.content))
    remark(
      `fsmtp: large messages are in ${withoutSecret(config.content)} and stay there: copy the bucket as well, after this; the copy of the log wants it`,
    )
  if (damage === null) return
  remark(`fsmtp: the original is faulty: ${damage.message}`)
  process.exitCode = 1
}
