/** The machines: what each state means, how many are in it, how often each way was taken, and how long it took. */
import { countedCharts as charts } from 'virtual:charts'
import { useState } from 'preact/hooks'
import type { z } from 'zod'
import type { Chart } from '../../drawing/chart.ts'
import type { Flow, flows as flowsShape } from '../../shapes/machine.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { concerns } from '../api/live.ts'
import { useWho } from '../api/who.ts'
import type { PlaceProps } from '../frame/app.tsx'
import { ask, go } from '../frame/router.ts'
import { askedBy, type Field, Filters } from '../pieces/filters.tsx'
import { lasting, Problem, Tabs, Time } from '../pieces/pieces.tsx'
import { MachineChart } from './chart.tsx'
import { Caption, Facts, Ways } from './facts.tsx'
import { edgeOf } from './looks.ts'

type Flows = z.infer<typeof flowsShape>
type Sum = { readonly count: number; readonly time: number }

const plus = (sum: Sum | undefined, { count, meanMs }: Flow): Sum => ({
  count: (sum?.count ?? 0) + count,
  time: (sum?.time ?? 0) + count * meanMs,
})

/** What was counted, by edge. */
const sumsOf = (chart: Chart, flows: readonly Flow[]): ReadonlyMap<string, Sum> => {
  const edges = new Map<string, Sum>()
  for (const flow of flows) {
    const edge = edgeOf(chart, flow)
    if (edge !== undefined) edges.set(edge.key, plus(edges.get(edge.key), flow))
  }
  return edges
}

/** No longer than a label has room for. */
const short = (count: number): string =>
  count < 10_000
    ? String(count)
    : count < 1_000_000
      ? `${Math.round(count / 1_000)}k`
      : `${(count / 1_000_000).toFixed(count < 10_000_000 ? 1 : 0)}M`
const sumText = ({ count, time }: Sum): string =>
  `${short(count)}× · ${lasting(count === 0 ? 0 : time / count)}`

type Note = readonly [key: string, text: string]
/** How many are in a state now; of an end, how many came to it in the period. */
const stateNotes = (
  { states }: Chart,
  { items, states: now }: Pick<Flows, 'items' | 'states'>,
): readonly Note[] =>
  states.flatMap(({ path, kind }): readonly Note[] => {
    if (kind === 'anytime') return []
    if (kind !== 'final') return [[path, `${short(now.find(({ state }) => state === path)?.count ?? 0)} now`]]
    const came = items.reduce(
      (sum, { from, to, count }) => (to === path && from !== to ? sum + count : sum),
      0,
    )
    return [[path, `${short(came)} came`]]
  })

/** As the address has it, and as it is called. */
const periods = [
  ['1h', 'Last hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['', 'All'],
] as const

/** Any other period: from when to when, as lists are asked for it. */
const bounds: readonly Field[] = [
  { name: 'since', title: 'Or since', hint: '2h, 18:00, 2026-01-31', first: true },
  { name: 'until', title: 'Until', hint: '1h, 18:00, 2026-01-31', first: true },
]

type Period = { readonly since?: string; readonly until?: string }
const periodIn = (query: URLSearchParams): Period => {
  const own: Period = askedBy(bounds, query)
  if (own.since !== undefined || own.until !== undefined) return own
  const given = query.get('period') ?? ''
  return given !== '' && periods.some(([id]) => id === given) ? { since: given } : {}
}

/** `pressed`: none of them where the bounds are others. */
const PeriodChoice = ({
  pressed,
  counted,
}: {
  readonly pressed: string | null
  readonly counted: Pick<Flows, 'since' | 'until'>
}) => (
  // biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a frame
  <div class="choice" role="group" aria-label="Period of the counts">
    {periods.map(([id, title]) => (
      <button
        type="button"
        key={id}
        class="small"
        aria-pressed={id === pressed}
        onClick={() => ask({ period: id, since: null, until: null }, { replace: true })}
      >
        {title}
      </button>
    ))}
    {(counted.since !== null || counted.until !== null) && (
      <span class="weak">
        counted
        {counted.since !== null && (
          <>
            {' '}
            since <Time at={counted.since} />
          </>
        )}
        {counted.until !== null && (
          <>
            {' '}
            until <Time at={counted.until} />
          </>
        )}
      </span>
    )}
  </div>
)

const nothing: Flows = { since: null, until: null, items: [], next: null, states: [] }
const formats = ['svg', 'mermaid', 'dot', 'scxml', 'json'] as const

/** `period`: of the counts on pictures; null for none. */
const Formats = ({ name, period }: { readonly name: string; readonly period: Period | null }) => (
  <p class="actions">
    {formats.map((format) => (
      <a
        key={format}
        class="button"
        href={urlOf(['machines', name], {
          format,
          ...(period !== null && ['svg', 'mermaid', 'dot'].includes(format) && { counts: true, ...period }),
        })}
        target="_blank"
        rel="noreferrer"
      >
        {format}
      </a>
    ))}
  </p>
)

export const Machines = ({ parts: [asked], query }: PlaceProps) => {
  const chart = charts.find(({ name }) => name === asked) ?? charts[0]!
  const period = periodIn(query)
  const isOwn = Object.keys(askedBy(bounds, query)).length > 0
  const who = useWho()
  // Counts are of everybody's mail.
  const isCounted = who !== undefined && typeof who?.caller?.account !== 'string'
  const { value, error, again } = useJson<Flows>(
    isCounted ? urlOf(['machines', chart.name, 'flow'], period) : null,
  )
  const [chosen, setChosen] = useState<string | null>(null)
  const [looked, setLooked] = useState<string | null>(null)
  useFresh(again, (batch) => isCounted && concerns(batch, 'smtp_session', 'delivery'))
  const flows = value ?? nothing
  const sums = sumsOf(chart, flows.items)
  const most = Math.max(1, ...[...sums.values()].map(({ count }) => count))
  const notes = new Map(
    isCounted
      ? [...[...sums].map(([key, sum]) => [key, sumText(sum)] as const), ...stateNotes(chart, flows)]
      : [],
  )
  return (
    <>
      <header class="head">
        <div>
          <h1>Machines</h1>
          <p class="weak">{chart.description}</p>
        </div>
        <Formats name={chart.name} period={isCounted ? period : null} />
      </header>
      <Tabs
        label="Machines"
        tabs={charts.map(({ name }) => [name, name])}
        current={chart.name}
        choose={(name) => {
          setChosen(null)
          setLooked(null)
          go(`/machines/${name}${query.size === 0 ? '' : `?${query}`}`)
        }}
      />
      {isCounted && (
        <>
          <PeriodChoice pressed={isOwn ? null : (period.since ?? '')} counted={flows} />
          <Filters fields={bounds} query={query} />
        </>
      )}
      {error !== null && <Problem error={error} again={again} />}
      <div class="machine">
        <MachineChart
          machine={chart.name}
          active={chosen}
          label={`Chart of the ${chart.name} machine${isCounted ? ', with how often each way was taken' : ''}`}
          choose={(path) => setChosen(path === chosen ? null : path)}
          look={setLooked}
          notes={notes}
          weights={new Map([...sums].map(([key, { count }]) => [key, count / most]))}
        />
        <Caption chart={chart} path={looked ?? chosen} flows={isCounted ? flows.items : null} />
      </div>
      <Facts {...{ chart, chosen }} flows={isCounted ? flows.items : null} states={flows.states} />
      {flows.items.length > 0 && <Ways flows={flows.items} />}
    </>
  )
}
