/** One step, all of it: what came, what was decided and why, what it changed, what could have come next. */

import { useState } from 'preact/hooks'
import type { Chart } from '../../drawing/chart.ts'
import type { Operation } from '../../history/patch.ts'
import type { Step } from '../../history/steps.ts'
import type { Event } from '../../shapes/event.ts'
import { useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { chartNamed } from '../machines/chart.tsx'
import { Copy } from '../pieces/pieces.tsx'
import { nextHopOf, stepWords, toneOf, whyWords } from './words.ts'

const json = (value: unknown): string => JSON.stringify(value)
const longest = 400
const clipped = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest)}…`)

const signs = { add: '+', replace: '~', remove: '−' } as const

const Change = ({ change, before }: { readonly change: Operation; readonly before: unknown }) => (
  <li class={change.op}>
    <span class="sign" aria-hidden="true">
      {signs[change.op]}
    </span>
    <code class="path">{change.path.slice(1).replaceAll('/', '.') || 'everything'}</code>
    {before !== undefined && <del>{clipped(json(before))}</del>}
    {change.op !== 'remove' && <ins>{clipped(json(change.value))}</ins>}
  </li>
)

/** What the steps before made of a place, as far as they changed it. */
const known = (steps: readonly Step[], at: number, path: string): unknown => {
  for (let place = at - 1; place >= 0; place -= 1) {
    const found = steps[place]?.changes.findLast((change) => change.path === path)
    if (found !== undefined) return found.op === 'remove' ? undefined : found.value
  }
  return undefined
}

const Value = ({ name, value }: { readonly name: string; readonly value: unknown }) => {
  if (name === 'message' && typeof value === 'string')
    return <a href={`/mail/all/${encodeURIComponent(value)}`}>{value}</a>
  if (typeof value === 'object' && value !== null) return <code>{clipped(json(value))}</code>
  return <span>{value === null ? 'none' : String(value)}</span>
}

const Facts = ({ facts }: { readonly facts: Step['facts'] }) => {
  const entries = Object.entries(facts)
  if (entries.length === 0) return <p class="weak">It says no more than its name.</p>
  return (
    <dl class="facts">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value {...{ name, value }} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Where it may lead from a state: to which of them depends on what it says, and on what is found out by then. */
const Ways = ({ chart, state, event }: Record<'state' | 'event', string> & { readonly chart: Chart }) => {
  const edges = chart.edges.filter(({ states, events }) => states.includes(state) && events.includes(event))
  const isEnd = (path: string): boolean =>
    chart.states.some((one) => one.path === path && one.kind === 'final')
  const ends = new Set(edges.filter(({ from, to }) => from !== to).map(({ to }) => to))
  const ways = [...ends].toSorted((one, other) => Number(isEnd(one)) - Number(isEnd(other)))
  const mayStay = ways.length === 0 || edges.some(({ from, to }) => from === to)
  const to = ways.length === 0 ? [] : [`→ ${ways.join(' or ')}`]
  return <span class="weak">{[...to, ...(mayStay ? ['it stays'] : [])].join(', or ')}</span>
}

/** What can come in every state is said once, and last. */
const Next = ({ step, machine }: { readonly step: Step; readonly machine: string }) => {
  const chart = chartNamed(machine)
  const eventsOf = (path: string): readonly string[] =>
    chart?.edges.filter(({ states }) => states.includes(path)).flatMap(({ events }) => [...events]) ?? []
  const here = new Set(eventsOf(step.to))
  const anyTime = new Set(eventsOf('').filter((event) => !here.has(event)))
  const own = step.next.filter((event) => !anyTime.has(event))
  const others = step.next.filter((event) => anyTime.has(event))
  if (step.next.length === 0) return <p class="weak">Nothing: this is the end.</p>
  return (
    <>
      <ul class="ways">
        {own.map((event) => (
          <li key={event}>
            <span class="chip">{event}</span>{' '}
            {chart !== undefined && <Ways {...{ chart, event }} state={step.to} />}
          </li>
        ))}
      </ul>
      {others.length > 0 && <p class="weak">At any time: {others.join(', ')}</p>}
    </>
  )
}

/** As the log has it, where there is a log to ask; and what was made of it. */
const Raw = ({ step, stream }: { readonly step: Step; readonly stream: string | null }) => {
  const [isOpen, setOpen] = useState(false)
  const asked = isOpen && stream !== null
  const url = asked ? urlOf(['events'], { stream, revision: step.revision, limit: 1 }) : null
  const { value, error } = useJson<{ readonly items: readonly Event[] }>(url)
  const event = value?.items[0]
  const shown = JSON.stringify(event ?? step, null, 2)
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{stream === null ? 'Raw step' : 'Raw event'}</summary>
      {isOpen && (
        <>
          <Copy text={shown} />
          {error !== null && <p class="weak">As it was replayed: {error.message}.</p>}
          <pre class="raw">{shown}</pre>
        </>
      )}
    </details>
  )
}

export type StepProps = {
  readonly steps: readonly Step[]
  readonly at: number
  readonly machine: string
  /** Of the log; null where the history is a file's. */
  readonly stream: string | null
}

export const StepPanel = ({ steps, at, machine, stream }: StepProps) => {
  const step = steps[at]
  if (step === undefined) return null
  const state = chartNamed(machine)?.states.find(({ path }) => path === step.to)
  const why = whyWords(step)
  return (
    <section class="step" aria-label="This step">
      <header class={toneOf(step) ?? ''} aria-live="polite">
        <p class="what">{stepWords(step, machine, nextHopOf(steps))}</p>
        <p class="weak">
          step {step.revision} · <code>{step.input}</code> → <strong>{step.event}</strong>
          {step.from !== step.to && (
            <>
              {' · '}
              <code>{step.from}</code> → <code>{step.to}</code>
            </>
          )}
        </p>
        {stream !== null && (
          <Copy
            text={`${location.origin}${location.pathname}?step=${step.revision}`}
            label="Copy the link to this step"
          />
        )}
      </header>
      {step.diverged !== null && (
        <p class="fault" role="alert">
          Today’s machine would not do the same: {step.diverged}
        </p>
      )}
      {why !== null && (
        <div>
          <h3>Why</h3>
          <p>
            {why} <code class="weak">{step.reason}</code>
          </p>
        </div>
      )}
      {state !== undefined && (
        <div>
          <h3>Then it is {state.name}</h3>
          <p>{state.description}</p>
        </div>
      )}
      {step.dialogue.length > 0 && (
        <div>
          <h3>Said</h3>
          <pre class="said">{step.dialogue.join('\n')}</pre>
        </div>
      )}
      <div>
        <h3>Facts</h3>
        <Facts facts={step.facts} />
      </div>
      <div>
        <h3>What it remembers since</h3>
        {step.changes.length === 0 ? (
          <p class="weak">Nothing changed.</p>
        ) : (
          <ul class="changes">
            {step.changes.map((change) => (
              <Change key={change.path} change={change} before={known(steps, at, change.path)} />
            ))}
          </ul>
        )}
      </div>
      <div>
        <h3>What could come next</h3>
        <Next step={step} machine={machine} />
      </div>
      {step.effects.length > 0 && (
        <div>
          <h3>What was to be done</h3>
          <p class="chips">
            {step.effects.map((effect, place) => (
              <span key={`${effect} ${place}`} class="chip">
                {effect}
              </span>
            ))}
          </p>
        </div>
      )}
      <Raw key={`${stream} ${step.revision}`} step={step} stream={stream} />
    </section>
  )
}
