/** `fsmtp views`: how far the views are, and building them again. */
import type { Command } from 'commander'
import { projections } from '../../projections/all.ts'
import type { ViewStatus } from '../views/answers/status.ts'
import { CommandFault } from './fault.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { type Column, ndjson, print, progress, remark, type Tone, table } from './terminal.ts'

const names = projections.map(({ name }) => name)

export const register = (program: Command): void => {
  const views = program
    .command('views')
    .description('position, lag, version and checksum of the views; exit 1 when one has stopped')
    .addHelpText('after', '\nExamples:\n  fsmtp views\n  fsmtp views rebuild mailboxes')
    .action((_: unknown, command: Command) => status(command))
  views
    .command('rebuild')
    .argument('[name]', `one view (${names.join(', ')}); all without a name`)
    .description('build views again from the log, beside the ones that are read meanwhile')
    .addHelpText('after', '\nExample: fsmtp views rebuild mailboxes')
    .action((name: string | undefined, _: unknown, command: Command) => rebuild(name, command))
}

const tones: Readonly<Record<ViewStatus['state'], Tone>> = {
  live: 'good',
  stopped: 'bad',
  rebuilding: 'strong',
}

const columns: readonly Column<ViewStatus>[] = [
  { title: 'VIEW', value: ({ name }) => name },
  { title: 'VERSION', value: ({ version }) => version, align: 'right' },
  { title: 'STATE', value: ({ state }) => state, tone: ({ state }) => tones[state] },
  { title: 'POSITION', value: ({ position }) => position, align: 'right' },
  { title: 'LAG', value: ({ lag }) => lag, align: 'right' },
  { title: 'ROWS', value: ({ rows }) => rows, align: 'right' },
  { title: 'CHECKSUM', value: ({ checksum }) => checksum?.slice(0, 16) },
]

const tell = async ({ views, json }: Reading): Promise<void> => {
  const found = await views.checked()
  if (json) found.forEach(ndjson)
  else table(found, columns)
  complain(found)
}

/** A view that has stopped is a fault. */
const complain = (views: readonly ViewStatus[]): void => {
  for (const { name, state, errorPosition, error } of views) {
    if (state !== 'stopped') continue
    remark(`fsmtp: ${name} stopped at position ${errorPosition}: ${error}`)
    process.exitCode = 1
  }
}

const status = (command: Command): Promise<void> =>
  reading(command, async (opened) => {
    await freshViews(opened, [])
    await tell(opened)
  })

const rebuild = (name: string | undefined, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    if (name !== undefined && !names.includes(name))
      throw new CommandFault(`there is no view ${name}; there are ${names.join(', ')}`, 2)
    const bar = progress('building the views again')
    const { behind } = await opened.views
      .rebuild(name === undefined ? [] : [name], { timeout: patience, progress: bar.update })
      .finally(bar.end)
    if (behind > 0) throw new CommandFault('the server is still building; `fsmtp views` shows how far it is')
    const rebuilt = (await opened.views.status()).filter((view) => name === undefined || view.name === name)
    complain(rebuilt)
    if (opened.json) rebuilt.forEach(ndjson)
    else
      print(
        `built again from the log: ${rebuilt.map((view) => `${view.name} (${view.position})`).join(', ')}`,
      )
  })

/** Milliseconds to wait for a server that builds a long log's views. */
const patience = 3_600_000
