/** `fsmtp replay`: the history of a session or a delivery, step by step. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Drawing, draw, type Trail, toDot, toMermaid } from '../../machines/drawing/index.ts'
import { machines } from '../../machines/index.ts'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import { toSvg } from '../drawing/svg.ts'
import { HistoryFault } from '../history/fault.ts'
import { HistoryFile, type StreamHistory } from '../history/file.ts'
import { atAnyTime } from '../history/offered.ts'
import { policyHashOf, readPolicy } from '../history/policies.ts'
import { type Step, steps } from '../history/steps.ts'
import { trailOfSteps } from '../history/trail.ts'
import { transcript } from '../history/transcript.ts'
import { categoryOf, type StoredEvent } from '../log/port.ts'
import { CommandFault } from './fault.ts'
import { findHistory, shortName } from './found-history.ts'
import { inputFrom, isFile } from './input-file.ts'
import { until } from './moment.ts'
import { reading } from './open.ts'
import { stepText } from './replay-text.ts'
import { needTerminal, type Pause, withPauses } from './stepping.ts'
import { counted, ndjson, print, toned, visible } from './terminal.ts'

const example = `
ID is a session's, a message's or a delivery's, or enough of its beginning; FILE is what \`fsmtp export\` wrote, and needs no data.
Examples:
  fsmtp replay 01kdy4
  fsmtp replay 01kdy4 --at 5 --diagram
  fsmtp replay 01kdy4 --diagram --format svg > way.svg
  fsmtp replay session.ndjson --transcript`

export const register = (program: Command): void => {
  program
    .command('replay')
    .argument('<id|file>', 'session, message or delivery id, or a history file')
    .description('the history of a session or a delivery, step by step')
    .option('--at <revision|time>', 'no further than this step or time', place)
    .option('--step', 'wait for a key after each step; q ends')
    .option('--transcript', 'the dialogue alone')
    .option('--diagram', 'the machine, the transitions that were taken lit and numbered')
    .addOption(new Option('--format <format>', 'the diagram, written so (default: mermaid)').choices(formats))
    .addHelpText('after', example)
    .action((asked: string, options: Options, command: Command) => replay(asked, options, command))
}

const formats = ['mermaid', 'svg', 'dot'] as const
type Format = (typeof formats)[number]

type Place =
  | { readonly kind: 'revision'; readonly revision: number }
  | { readonly kind: 'time'; readonly at: number }
type Options = {
  readonly format?: Format
  readonly at?: Place
  readonly step?: boolean
  readonly transcript?: boolean
  readonly diagram?: boolean
  readonly json?: boolean
}

const place = (text: string): Place => {
  if (/^\d+$/.test(text)) return { kind: 'revision', revision: Number(text) }
  try {
    return { kind: 'time', at: until(text) }
  } catch {
    throw new InvalidArgumentError('give the number of a step, or a time (2026-01-31T08:30:00.250)')
  }
}

type Told = {
  readonly history: StreamHistory
  readonly module: MachineModule | undefined
  readonly message: string | null
}

const moduleOf = (stream: string): MachineModule | undefined =>
  machines.find(({ category }) => category === categoryOf(stream))

const fromLog = (asked: string, command: Command): Promise<Told[]> =>
  reading(command, async (opened) => {
    const { stream, message } = await findHistory(opened, asked)
    const events: StoredEvent[] = []
    for await (const page of opened.log.readStream(stream)) events.push(...page)
    const module = moduleOf(stream)
    if (module === undefined)
      throw new CommandFault(
        `${stream} is no history of a machine; \`fsmtp events --stream ${stream}\` shows it`,
      )
    const hash = events[0] === undefined ? null : policyHashOf(events[0])
    const policy = hash === null ? undefined : await readPolicy(opened.log, hash)
    return [{ history: { stream, events, policy }, module, message }]
  })

const fromFile = async (asked: string): Promise<Told[]> => {
  const input = await inputFrom(asked)
  try {
    const found = await new HistoryFile(input.open).streams(machines.map(({ category }) => category))
    if (found.length === 0) throw new CommandFault(`${asked} has no history of a machine`)
    return found.map((history) => ({ history, module: moduleOf(history.stream), message: null }))
  } catch (error) {
    throw error instanceof HistoryFault ? new CommandFault(visible(`${asked}: ${error.message}`)) : error
  } finally {
    await input.close()
  }
}

const upTo = (all: readonly Step[], at: Place | undefined): readonly Step[] => {
  if (at === undefined) return all
  const kept = all.filter((step) =>
    at.kind === 'revision' ? step.revision <= at.revision : Date.parse(step.at) <= at.at,
  )
  if (kept.length === 0)
    throw new CommandFault(`nothing had happened by then; the first step is at ${all[0]?.at ?? 'no time'}`)
  return kept
}

const replay = async (asked: string, given: Options, command: Command): Promise<void> => {
  const json = command.optsWithGlobals<Options>().json === true
  // Who says how a diagram is to be written wants one.
  const options = { ...given, diagram: given.diagram === true || given.format !== undefined }
  checkStepping({ ...options, json })
  const histories = isFile(asked) ? await fromFile(asked) : await fromLog(asked, command)
  if (options.diagram && options.format === 'svg' && histories.length > 1)
    throw new CommandFault(
      `${asked} has ${histories.length} histories, and an SVG shows one; export the one that is meant`,
    )
  await withPauses(options.step === true, async (pause) => {
    for (const [number, told] of histories.entries()) {
      if (number > 0 && !(await pause())) return
      const all = steps(told.history.events, told.module, told.history.policy)
      const goesOn = await show(told, upTo(all, options.at), { ...options, json, pause })
      if (!goesOn) return
    }
  })
}

const checkStepping = ({ step, diagram, transcript: dialogue, json }: Options): void => {
  if (!step) return
  if (diagram || dialogue || json)
    throw new CommandFault('--step stops at steps: give it without --transcript, --diagram and --json', 2)
  needTerminal()
}

type Showing = Options & { readonly pause: Pause }

/** False when the reader wants no more. */
const show = async (told: Told, shown: readonly Step[], options: Showing): Promise<boolean> => {
  if (options.diagram) await showDiagram(told, shown, options)
  else if (options.transcript) showTranscript(shown, options)
  else if (options.json) shown.forEach(ndjson)
  else return showSteps(told, shown, options)
  return true
}

const writers: Readonly<Record<Format, (drawing: Drawing, trail: Trail) => string | Promise<string>>> = {
  mermaid: (drawing, trail) => toMermaid(drawing, { trail }),
  svg: (drawing, trail) => toSvg(drawing, { trail }),
  dot: (drawing, trail) => toDot(drawing, { trail }),
}

const showDiagram = async (
  { module }: Told,
  shown: readonly Step[],
  { format = 'mermaid' }: Options,
): Promise<void> => {
  if (module === undefined) throw new CommandFault('this release has no such machine to draw')
  const way = shown.map((step) => ({ ...step, from: visible(step.from), to: visible(step.to) }))
  process.stdout.write(await writers[format](draw(module.machine), trailOfSteps(way)))
}

const showTranscript = (shown: readonly Step[], { json }: Options): void => {
  if (json) for (const { at, dialogue } of shown) for (const line of dialogue) ndjson({ at, line })
  else for (const line of transcript(shown)) print(visible(line))
}

const showSteps = async (told: Told, shown: readonly Step[], { pause, at }: Showing): Promise<boolean> => {
  for (const line of headOf(told, shown)) print(line)
  const always = told.module === undefined ? new Set<string>() : atAnyTime(told.module)
  for (const [number, step] of shown.entries()) {
    if (number > 0 && !(await pause())) return false
    for (const line of stepText(step, shown[number - 1], always)) print(line)
  }
  for (const line of footOf(told, shown, { always, at })) print(line)
  return true
}

const headOf = ({ history, module, message }: Told, shown: readonly Step[]): string[] => {
  const first = shown[0]!
  return [
    ...(message === null ? [] : [`message ${message} came in this session:`]),
    `${toned('strong', `${module?.name ?? 'stream'} ${visible(shortName(history.stream))}`)}  ${first.at.slice(0, 10)}  ${counted(shown.length, 'step')}`,
    '',
  ]
}

type Footing = { readonly always: ReadonlySet<string>; readonly at: Place | undefined }

/** What the state it is left in means, and what can come in every state. */
const footOf = ({ module }: Told, shown: readonly Step[], { always, at }: Footing): string[] => {
  const last = shown.at(-1)!
  const state =
    module === undefined ? undefined : draw(module.machine).states.find(({ path }) => path === last.to)
  const anyTime = last.next.filter((event) => always.has(event))
  const when = at === undefined ? (last.next.length === 0 ? 'In the end' : 'So far') : 'At that point'
  return [
    ...(state === undefined ? [] : [`${when}: ${toned('strong', last.to)}. ${state.description}`]),
    ...(anyTime.length === 0 ? [] : [toned('weak', `At any time: ${anyTime.join(' ')}`)]),
  ]
}
