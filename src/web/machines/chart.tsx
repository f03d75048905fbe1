/** A machine's chart: plain SVG from a layout that was reckoned when the page was built. */
import { charts } from 'virtual:charts'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Chart, ChartEdge, ChartState } from '../../drawing/chart.ts'

export type Move = { readonly from: string; readonly to: string; readonly input: string }

export type ChartProps = {
  readonly machine: string
  /** Path of the state it is in; null where it is in none. */
  readonly active: string | null
  /** The way that was taken so far; the last move is lit. */
  readonly way?: readonly Move[]
  /** Machine events that could come next. */
  readonly next?: readonly string[]
  /** Words to lay over edges and states, by `edgeKey` and path. */
  readonly notes?: ReadonlyMap<string, string>
  /** From 0 to 1: how much of all went along an edge. */
  readonly weights?: ReadonlyMap<string, number>
  readonly choose?: (path: string) => void
  readonly label: string
}

export const chartNamed = (machine: string): Chart | undefined => charts.find(({ name }) => name === machine)
export const edgeKey = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  `${from} ${to}`

/** Which edge a move went along: that of its own state, or one that is possible at any time. */
export const edgeOf = ({ edges }: Chart, { from, to, input }: Move): ChartEdge | undefined =>
  edges.find((edge) => edge.from === from && edge.to === to && edge.events.includes(input)) ??
  edges.find((edge) => edge.from === from && edge.to === to) ??
  edges.find((edge) => edge.from === '' && edge.to === to)

type Looks = {
  readonly last: ChartEdge | undefined
  readonly taken: ReadonlySet<ChartEdge>
  readonly been: ReadonlySet<string>
}

const looksOf = (chart: Chart, way: readonly Move[]): Looks => {
  const last = way.at(-1)
  const taken = way.flatMap((move) => (move.from === move.to ? [] : (edgeOf(chart, move) ?? [])))
  return {
    last: last === undefined || last.from === last.to ? undefined : edgeOf(chart, last),
    taken: new Set(taken),
    been: new Set(way.flatMap(({ from, to }) => [from, to])),
  }
}

const edgeClass = (edge: ChartEdge, { last, taken }: Looks, canCome: boolean): string => {
  if (edge === last) return 'edge last'
  const parts = [taken.has(edge) ? 'taken' : '', canCome ? 'next' : '']
  return `edge ${parts.join(' ')}`
}

const State = ({
  state,
  look,
  note,
  choose,
}: {
  readonly state: ChartState
  readonly look: string
  readonly note: string | undefined
  readonly choose: ((path: string) => void) | undefined
}) => {
  const { path, name, kind, description, x, y, width, height } = state
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same states are in the table beside, by keyboard
    <g
      class={`state ${kind} ${look}`}
      transform={`translate(${x} ${y})`}
      data-state={path}
      onClick={() => choose?.(path)}
    >
      <title>{`${name}: ${description}`}</title>
      <rect width={width} height={height} rx="10" />
      {kind === 'final' && (
        <rect class="inner" x="3.5" y="3.5" width={width - 7} height={height - 7} rx="7" />
      )}
      <text class="name" x={width / 2} y={note === undefined ? height / 2 + 4.5 : height / 2 - 1.5}>
        {name}
      </text>
      {note !== undefined && (
        <text class="note" x={width / 2} y={height / 2 + 14}>
          {note}
        </text>
      )}
    </g>
  )
}

const Label = ({
  edge,
  look,
  note,
}: {
  readonly edge: ChartEdge
  readonly look: string
  readonly note: string | undefined
}) => {
  if (edge.label === null) return null
  const { x, y, lines } = edge.label
  // The events are in the title then.
  const shown = note === undefined ? lines : [note]
  return (
    <g class={`label ${look}`} transform={`translate(${x} ${y})`}>
      <title>{edge.events.join(', ')}</title>
      {shown.map((line, at) => (
        <text key={line} class={note === undefined ? '' : 'note'} x="4" y={11 + at * 13}>
          {line}
        </text>
      ))}
    </g>
  )
}

/** With more edges than this, those that have nothing to do with the way are left without words. */
const many = 20
const zooms = [0.5, 0.65, 0.8, 1, 1.25, 1.6] as const

/** Keeps a state in view when the chart is larger than its box. */
const useInView = (path: string | null, zoom: number) => {
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    const { current } = box
    const state = current?.querySelector(`[data-state="${CSS.escape(path ?? '')}"]`)
    if (current === null || current === undefined || !state) return
    const [inner, outer] = [state.getBoundingClientRect(), current.getBoundingClientRect()]
    if (inner.left < outer.left + 20 || inner.right > outer.right - 20)
      current.scrollLeft += inner.left - outer.left - outer.width / 2 + inner.width / 2
    if (inner.top < outer.top + 10 || inner.bottom > outer.bottom - 10)
      current.scrollTop += inner.top - outer.top - outer.height / 2 + inner.height / 2
  }, [path, zoom])
  return box
}

export const MachineChart = ({
  machine,
  active,
  way = [],
  next = [],
  notes,
  weights,
  choose,
  label,
}: ChartProps) => {
  const chart = chartNamed(machine)
  const [zoom, setZoom] = useState<number | null>(null)
  const box = useInView(active, zoom ?? 0)
  const looks = useMemo(() => (chart === undefined ? null : looksOf(chart, way)), [chart, way])
  if (chart === undefined || looks === null) return <p class="weak">There is no chart of {machine}.</p>
  const coming = new Set(next)
  const lookOf = ({ path }: ChartState): string =>
    path === active ? 'active' : looks.been.has(path) ? 'been' : ''
  const edgeLook = (edge: ChartEdge): string =>
    edgeClass(edge, looks, edge.from === active && edge.events.some((event) => coming.has(event)))
  const step = (by: 1 | -1): void => {
    const at = zooms.findIndex((one) => one >= (zoom ?? 0.8))
    setZoom(zooms[Math.min(zooms.length - 1, Math.max(0, at + by))] ?? 1)
  }
  return (
    <div class={`chart${weights === undefined && chart.edges.length > many ? ' busy' : ''}`}>
      <section
        class="paper"
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
        tabIndex={0}
        aria-label={label}
      >
        <svg
          viewBox={`0 0 ${chart.width} ${chart.height}`}
          class={zoom === null ? 'fit' : ''}
          width={zoom === null ? undefined : chart.width * zoom}
          height={zoom === null ? undefined : chart.height * zoom}
          role="img"
          aria-label={`The ${machine} machine${active === null ? '' : `, in the state ${active}`}`}
        >
          <defs>
            {['plain', 'taken', 'last', 'next'].map((look) => (
              <marker
                key={look}
                id={`head-${look}`}
                viewBox="0 0 10 10"
                refX="9"
                refY="5"
                markerUnits="userSpaceOnUse"
                markerWidth="9"
                markerHeight="9"
                orient="auto-start-reverse"
              >
                <path class={`head ${look}`} d="M0 .8 10 5 0 9.2z" />
              </marker>
            ))}
          </defs>
          <circle class="start" cx={chart.start.x} cy={chart.start.y} r="6" />
          <path class="edge" d={chart.start.line} />
          {chart.edges.map((edge) => (
            <path
              key={edgeKey(edge)}
              class={edgeLook(edge)}
              d={edge.line}
              style={weights === undefined ? {} : { strokeWidth: 1 + 4 * (weights.get(edgeKey(edge)) ?? 0) }}
            />
          ))}
          {chart.edges.map((edge) => (
            <Label key={edgeKey(edge)} edge={edge} look={edgeLook(edge)} note={notes?.get(edgeKey(edge))} />
          ))}
          {chart.states.map((state) => (
            <State
              key={state.path}
              {...{ state, choose }}
              look={lookOf(state)}
              note={notes?.get(state.path)}
            />
          ))}
        </svg>
      </section>
      <div class="zoom">
        <button type="button" class="quiet" onClick={() => step(-1)} aria-label="Smaller">
          −
        </button>
        <button type="button" class="quiet" onClick={() => setZoom(null)} aria-label="Fit the whole chart">
          Fit
        </button>
        <button type="button" class="quiet" onClick={() => step(1)} aria-label="Larger">
          +
        </button>
      </div>
    </div>
  )
}
