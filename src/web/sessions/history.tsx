/** A history on one page: chart, slider, transcript, steps, and the step one stands at. All of it follows the step in the address. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Step } from '../../history/steps.ts'
import { ask } from '../frame/router.ts'
import { MachineChart } from '../machines/chart.tsx'
import { counted, Windowed } from '../pieces/pieces.tsx'
import { Scrubber } from './scrubber.tsx'
import { StepPanel } from './step.tsx'
import { nextHopOf, stepWords, toneOf } from './words.ts'

type Said = { readonly step: number; readonly line: string }
const linesOf = (steps: readonly Step[]): readonly Said[] =>
  steps.flatMap(({ dialogue }, step) => dialogue.map((line) => ({ step, line })))

const lineKind = (line: string): string => (line.startsWith('C:') ? 'client' : 'server')

const Transcript = ({ steps, at, move }: PartProps) => {
  const lines = useMemo(() => linesOf(steps), [steps])
  const current = lines.findIndex(({ step }) => step === at)
  const before = lines.findLastIndex(({ step }) => step <= at)
  if (lines.length === 0) return <p class="weak">Nothing was said.</p>
  return (
    <Windowed
      label="Transcript"
      class="transcript"
      count={lines.length}
      height={20}
      shown={current >= 0 ? current : before}
      row={(place) => {
        const { step, line } = lines[place]!
        const look = step === at ? ' now' : step > at ? ' later' : ''
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the slider and the arrow keys lead to every line
          // biome-ignore lint/a11y/noStaticElementInteractions: the slider and the arrow keys lead to every line
          <div key={place} class={`row ${lineKind(line)}${look}`} title={line} onClick={() => move(step)}>
            {line}
          </div>
        )
      }}
    />
  )
}

type PartProps = {
  readonly steps: readonly Step[]
  readonly at: number
  readonly move: (to: number) => void
}

const StepRows = ({ steps, at, move, machine }: PartProps & { readonly machine: string }) => (
  <Windowed
    label="Steps"
    class="steps"
    count={steps.length}
    height={30}
    shown={at}
    row={(place) => {
      const step = steps[place]!
      return (
        <a
          key={place}
          class={`row ${toneOf(step) ?? ''}${place === at ? ' now' : ''}${step.diverged === null ? '' : ' differs'}`}
          href={`?step=${step.revision}`}
          aria-current={place === at ? 'step' : undefined}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return
            event.preventDefault()
            move(place)
          }}
        >
          <span class="number">{step.revision}</span>
          <span class="time">{step.at.slice(11, 23)}</span>
          <span class="input">{step.input}</span>
          <span class="to">{step.from === step.to ? '' : step.to}</span>
          <span class="words">
            {step.diverged !== null && <span class="badge bad">differs</span>}{' '}
            {stepWords(step, machine, nextHopOf(steps))}
          </span>
        </a>
      )
    }}
  />
)

/** Milliseconds between two changes of the address: browsers count them. */
const writeEvery = 400

/** The step one stands at, from the address and into it. */
const useStep = (steps: readonly Step[], asked: string | null) => {
  const find = (revision: string | null): number => {
    const found = steps.findIndex((step) => String(step.revision) === revision)
    return found === -1 ? steps.length - 1 : found
  }
  const [at, setAt] = useState<number | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const place = at ?? find(asked)
  useEffect(() => {
    if (timer.current === null) setAt(asked === null ? null : find(asked))
  }, [asked])
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )
  const move = useCallback(
    (to: number): void => {
      setAt(to)
      if (timer.current !== null) clearTimeout(timer.current)
      timer.current = setTimeout(() => {
        timer.current = null
        ask({ step: String(steps[to]?.revision ?? '') }, { replace: true })
      }, writeEvery)
    },
    [steps],
  )
  return [Math.min(steps.length - 1, Math.max(0, place)), move] as const
}

/** A recorded step that the machine would not take: it is another version, or somebody has written in the history. */
const Differing = ({ steps, move }: Omit<PartProps, 'at'>) => {
  const places = useMemo(() => steps.flatMap(({ diverged }, at) => (diverged === null ? [] : [at])), [steps])
  const [first] = places
  if (first === undefined) return null
  return (
    <div class="problem" role="alert">
      <p>
        {places.length} of {counted(steps.length, 'step')} {places.length === 1 ? 'differs' : 'differ'} from
        what today’s machine would do: it was another version, or the history was changed.
      </p>
      <button type="button" onClick={() => move(first)}>
        Go to the first, step {steps[first]?.revision}
      </button>
    </div>
  )
}

export type HistoryProps = {
  readonly machine: string
  readonly steps: readonly Step[]
  /** Revision of the step to stand at, null for the last. */
  readonly asked: string | null
  /** Of the log, where it is one of the log's. */
  readonly stream?: string | null
}

export const History = ({ machine, steps, asked, stream = null }: HistoryProps) => {
  const [at, move] = useStep(steps, asked)
  const step = steps[at]
  const way = useMemo(() => steps.slice(0, at + 1), [steps, at])
  if (step === undefined) return <p class="weak">This history has no steps.</p>
  return (
    <div class="history">
      <Differing {...{ steps, move }} />
      <MachineChart
        {...{ machine, way }}
        active={step.to}
        next={step.next}
        label={`Chart of the ${machine} machine`}
      />
      <Scrubber {...{ steps, at, move }} />
      <div class="columns">
        <div class="left">
          <section aria-label="What was said">
            <h2>Transcript</h2>
            <Transcript {...{ steps, at, move }} />
          </section>
          <section aria-label="All steps">
            <h2>
              Steps{' '}
              <span class="weak">
                counted from 0, as <code>fsmtp replay</code> does
              </span>
            </h2>
            <StepRows {...{ steps, at, move, machine }} />
          </section>
        </div>
        <StepPanel {...{ steps, at, machine, stream }} />
      </div>
    </div>
  )
}
