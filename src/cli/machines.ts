/** `fsmtp machines`: the state machines, drawn. */
import { type Command, Option } from 'commander'
import {
  type Drawing,
  draw,
  type Overlay,
  toDot,
  toJson,
  toMermaid,
  toScxml,
} from '../../machines/drawing/index.ts'
import { machines as modules } from '../../machines/index.ts'
import { countNotes } from '../drawing/counts.ts'
import { toSvg } from '../drawing/svg.ts'
import type { Flows } from '../shapes/machine.ts'
import { aboutMachine, flowsOf } from '../telling/machines.ts'
import type { Period } from '../views/answers/flow.ts'
import { CommandFault } from './fault.ts'
import { since as sinceWhen, until as untilWhen } from './moment.ts'
import { freshViews, reading } from './open.ts'
import { ndjson, table } from './terminal.ts'

const formats = ['mermaid', 'svg', 'dot', 'scxml', 'json'] as const
type Format = (typeof formats)[number]
type Options = Period & { readonly format?: Format; readonly counts?: boolean }

const example = `
Examples:
  fsmtp machines
  fsmtp machines session --format svg --counts > session.svg
  fsmtp machines delivery --counts --since 24h
  fsmtp machines session --counts --json`

export const register = (program: Command): void => {
  program
    .command('machines')
    .argument('[name]', 'the machine to draw; without a name they are listed')
    .description('draw a state machine, with what happened laid over it if asked')
    .addOption(
      new Option(
        '--format <format>',
        'how to write it down (default: mermaid; with --counts svg, unless a terminal reads it)',
      ).choices(formats),
    )
    .option('--counts', 'how often each way was taken, and after what mean time (mermaid, svg, dot, json)')
    .option('--since <time>', 'of the counts: from then on, by ten minutes', sinceWhen)
    .option('--until <time>', 'of the counts: up to then', untilWhen)
    .addHelpText('after', example)
    .action((name: string | undefined, options: Options, command: Command) =>
      machines(name, options, command),
    )
}

const list = (json: boolean): void => {
  const all = modules.map(aboutMachine)
  if (json) for (const one of all) ndjson(one)
  else
    table(all, [
      { title: 'MACHINE', value: ({ name }) => name },
      { title: 'VERSION', value: ({ version }) => version, align: 'right' },
      { title: 'STATES', value: ({ states }) => states, align: 'right' },
      { title: 'TRANSITIONS', value: ({ transitions }) => transitions, align: 'right' },
      { title: 'FINGERPRINT', value: ({ fingerprint }) => fingerprint },
      { title: 'WHAT IT IS', value: ({ description }) => description, shrinks: true },
    ])
}

/** What the log tells about a machine's ways. */
const flowFor = (name: string, period: Period, command: Command): Promise<Flows> =>
  reading(command, async (opened) => {
    const views = await freshViews(opened, ['state-flow'])
    return flowsOf({ flow: views.flow(name, period), states: views.inStates(name), period })
  })

const known = modules.map(({ name }) => name).join(', ')

const writers: Readonly<
  Record<Exclude<Format, 'svg' | 'json'>, (drawing: Drawing, overlay: Overlay) => string>
> = { mermaid: toMermaid, dot: toDot, scxml: (drawing) => toScxml(drawing) }

const written = async (drawing: Drawing, format: Format, flow: Flows | null): Promise<string> => {
  if (format === 'json') return toJson(drawing, flow === null ? {} : { flow })
  const counts = flow?.items ?? null
  if (format === 'svg') return toSvg(drawing, { counts })
  return writers[format](drawing, counts === null ? {} : { note: countNotes(drawing, counts) })
}

/** @throws CommandFault where only one machine can be meant */
const listAll = ({ format, counts }: Options, json: boolean): void => {
  if (counts || (format !== undefined && format !== 'json'))
    throw new CommandFault(`say which machine to draw: ${known}`, 2)
  list(json || format === 'json')
}

/** @throws CommandFault where two are asked for */
const formatOf = ({ format, counts = false }: Options, json: boolean): Format => {
  if (json && (format ?? 'json') !== 'json')
    throw new CommandFault(
      `--json prints the machine as an object: leave out --format ${format}, or --json`,
      2,
    )
  if (json) return 'json'
  // People read text; a picture is for a file, or for a program.
  return format ?? (counts && !process.stdout.isTTY ? 'svg' : 'mermaid')
}

const machines = async (name: string | undefined, options: Options, command: Command): Promise<void> => {
  const json = command.optsWithGlobals<{ json?: boolean }>().json === true
  if (name === undefined) return listAll(options, json)
  const module = modules.find((one) => one.name === name)
  if (module === undefined) throw new CommandFault(`there is no machine ${name}; there are ${known}`, 2)
  const { counts = false, since, until } = options
  if (!counts && (since ?? until) !== undefined)
    throw new CommandFault('--since and --until are about counts: add --counts', 2)
  const format = formatOf(options, json)
  if (counts && format === 'scxml')
    throw new CommandFault('SCXML has no place for counts: --format svg, mermaid, dot or json', 2)
  const flow = counts ? await flowFor(name, { since, until }, command) : null
  const text = await written(draw(module.machine), format, flow)
  if (json) ndjson(JSON.parse(text))
  else process.stdout.write(text)
}
