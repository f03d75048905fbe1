/** The machines: what each state means, how often each way was taken, and how long it took. */
import { charts } from 'virtual:charts'
import { useState } from 'preact/hooks'
import type { z } from 'zod'
import type { Chart } from '../../drawing/chart.ts'
import type { flow as flowShape } from '../../shapes/machine.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { concerns } from '../api/live.ts'
import type { PlaceProps } from '../frame/app.tsx'
import { go } from '../frame/router.ts'
import { lasting, Problem, Tabs } from '../pieces/pieces.tsx'
import { edgeKey, edgeOf, MachineChart } from './chart.tsx'

type Flow = z.infer<typeof flowShape>
type Sum = { readonly count: number; readonly time: number }

const plus = (sum: Sum | undefined, { count, meanMs }: Flow): Sum => ({
  count: (sum?.count ?? 0) + count,
  time: (sum?.time ?? 0) + count * meanMs,
})

/** What was counted, by edge, and by the state it left from. */
const sumsOf = (chart: Chart, flows: readonly Flow[]) => {
  const edges = new Map<string, Sum>()
  const states = new Map<string, Sum>()
  for (const flow of flows) {
    const edge = flow.from === flow.to ? undefined : edgeOf(chart, flow)
    if (edge !== undefined) edges.set(edgeKey(edge), plus(edges.get(edgeKey(edge)), flow))
    states.set(flow.from, plus(states.get(flow.from), flow))
  }
  return { edges, states }
}

const short = (count: number): string =>
  count < 10_000
    ? String(count)
    : count < 1_000_000
      ? `${Math.round(count / 1_000)}k`
      : `${(count / 1_000_000).toFixed(1)}M`
const sumText = ({ count, time }: Sum): string =>
  `${short(count)}× · ${lasting(count === 0 ? 0 : time / count)}`

const Facts = ({
  chart,
  chosen,
  flows,
}: {
  readonly chart: Chart
  readonly chosen: string | null
  readonly flows: readonly Flow[]
}) => (
  <table class="list">
    <thead>
      <tr>
        <th>State</th>
        <th>What it means</th>
        <th class="count">Left so often</th>
        <th class="count">After</th>
      </tr>
    </thead>
    <tbody>
      {chart.states.map(({ path, name, description }) => {
        const own = flows.filter(({ from }) => from === path)
        const sum = own.reduce<Sum | undefined>(plus, undefined)
        return (
          <tr key={path} class={path === chosen ? 'chosen' : ''}>
            <td>
              <strong>{name}</strong>
            </td>
            <td>{description}</td>
            <td class="count">{sum?.count.toLocaleString('en') ?? ''}</td>
            <td class="count">{sum === undefined ? '' : lasting(sum.time / Math.max(1, sum.count))}</td>
          </tr>
        )
      })}
    </tbody>
  </table>
)

const Ways = ({ flows }: { readonly flows: readonly Flow[] }) => (
  <details class="card">
    <summary>
      All ways that were taken <span class="weak">{flows.length}</span>
    </summary>
    <table class="list">
      <thead>
        <tr>
          <th>From</th>
          <th>On</th>
          <th>To</th>
          <th class="count">So often</th>
          <th class="count">After</th>
        </tr>
      </thead>
      <tbody>
        {flows
          .toSorted((one, other) => other.count - one.count)
          .map(({ from, to, input, count, meanMs }) => (
            <tr key={`${from} ${input} ${to}`}>
              <td>{from}</td>
              <td>
                <code>{input}</code>
              </td>
              <td>{to}</td>
              <td class="count">{count.toLocaleString('en')}</td>
              <td class="count">{lasting(meanMs)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  </details>
)

export const Machines = ({ parts: [asked] }: PlaceProps) => {
  const chart = charts.find(({ name }) => name === asked) ?? charts[0]!
  const { value, error, again } = useJson<{ readonly items: readonly Flow[] }>(
    urlOf(['machines', chart.name, 'flow']),
  )
  const [chosen, setChosen] = useState<string | null>(null)
  useFresh(again, (batch) => concerns(batch, 'smtp_session', 'delivery'))
  const flows = value?.items ?? []
  const { edges, states } = sumsOf(chart, flows)
  const most = Math.max(1, ...[...edges.values()].map(({ count }) => count))
  return (
    <>
      <header class="head">
        <div>
          <h1>Machines</h1>
          <p class="weak">{chart.description}</p>
        </div>
        <p class="actions">
          {(['svg', 'mermaid', 'dot', 'scxml', 'json'] as const).map((format) => (
            <a
              key={format}
              class="button"
              href={urlOf(['machines', chart.name], { format })}
              target="_blank"
              rel="noreferrer"
            >
              {format}
            </a>
          ))}
        </p>
      </header>
      <Tabs
        label="Machines"
        tabs={charts.map(({ name }) => [name, name])}
        current={chart.name}
        choose={(name) => go(`/machines/${name}`)}
      />
      {error !== null && <Problem error={error} again={again} />}
      <MachineChart
        machine={chart.name}
        active={chosen}
        label={`Chart of the ${chart.name} machine, with how often each way was taken`}
        choose={(path) => setChosen(path === chosen ? null : path)}
        notes={new Map([...edges, ...states].map(([key, sum]) => [key, sumText(sum)]))}
        weights={new Map([...edges].map(([key, { count }]) => [key, count / most]))}
      />
      <Facts {...{ chart, chosen, flows }} />
      {flows.length > 0 && <Ways flows={flows} />}
    </>
  )
}
