/** A machine in words and numbers: what each state means, and what happened on its ways. */
import type { Chart, ChartEdge } from '../../drawing/chart.ts'
import type { Flow } from '../../shapes/machine.ts'
import { counted, lasting } from '../pieces/pieces.tsx'
import { edgeOf } from './looks.ts'

const sumOf = (flows: readonly Flow[]): { readonly count: number; readonly mean: number } => {
  const count = flows.reduce((sum, one) => sum + one.count, 0)
  const time = flows.reduce((sum, one) => sum + one.count * one.meanMs, 0)
  return { count, mean: time / Math.max(1, count) }
}

const Way = ({
  chart,
  edge,
  path,
  flows,
}: {
  readonly chart: Chart
  readonly edge: ChartEdge
  readonly path: string
  readonly flows: readonly Flow[] | null
}) => {
  const { count, mean } = sumOf(
    (flows ?? []).filter((flow) => edgeOf(chart, flow) === edge && [flow.from, edge.from].includes(path)),
  )
  return (
    <li>
      on <code>{edge.events.join(', ')}</code>
      {edge.when !== null && ` ${edge.when}`}{' '}
      {edge.from === edge.to ? (
        'it stays'
      ) : (
        <>
          → <strong>{edge.to}</strong>
        </>
      )}
      <span class="weak">
        {flows === null
          ? ''
          : count === 0
            ? ', never'
            : `, ${counted(count, 'time')}, after ${lasting(mean)}`}
      </span>
    </li>
  )
}

/** What a state means, and where it leads to: of the one that is pointed at, or has the focus. */
export const Caption = ({
  chart,
  path,
  flows,
}: {
  readonly chart: Chart
  readonly path: string | null
  /** Null where they are not for whoever looks. */
  readonly flows: readonly Flow[] | null
}) => {
  const state = chart.states.find((one) => one.path === path)
  if (state === undefined)
    return (
      <p class="caption weak">
        Point at a state, tap it, or go to it with the Tab key, to read what it means.
      </p>
    )
  return (
    <div class="caption">
      <p>
        <strong>{state.name}</strong>: {state.description}
      </p>
      <ul>
        {chart.edges
          .filter(({ from, states }) => from === state.path || states.includes(state.path))
          .map((edge) => (
            <Way key={edge.key} {...{ chart, edge, flows }} path={state.path} />
          ))}
      </ul>
    </div>
  )
}

export const Facts = ({
  chart,
  chosen,
  flows,
  states,
}: {
  readonly chart: Chart
  readonly chosen: string | null
  readonly flows: readonly Flow[] | null
  readonly states: readonly { readonly state: string; readonly count: number }[]
}) => (
  <table class="list">
    <thead>
      <tr>
        <th>State</th>
        <th>What it means</th>
        {flows !== null && (
          <>
            <th class="count">Now</th>
            <th class="count wide">Left so often</th>
            <th class="count wide">After</th>
          </>
        )}
      </tr>
    </thead>
    <tbody>
      {chart.states.map(({ path, name, kind, description }) => {
        const { count, mean } = sumOf((flows ?? []).filter(({ from, to }) => from === path && from !== to))
        const now = states.find(({ state }) => state === path)?.count ?? 0
        return (
          <tr key={path} class={path === chosen ? 'chosen' : ''}>
            <td>
              <strong>{name}</strong>
            </td>
            <td>{description}</td>
            {flows !== null && (
              <>
                <td class="count">
                  {kind === 'final' || kind === 'anytime' ? '' : now.toLocaleString('en')}
                </td>
                <td class="count wide">{count === 0 ? '' : count.toLocaleString('en')}</td>
                <td class="count wide">{count === 0 ? '' : lasting(mean)}</td>
              </>
            )}
          </tr>
        )
      })}
    </tbody>
  </table>
)

export const Ways = ({ flows }: { readonly flows: readonly Flow[] }) => (
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
