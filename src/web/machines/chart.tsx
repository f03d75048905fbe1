/** A machine's chart: plain SVG from a layout that was reckoned when the page was built. */
import { charts, countedCharts } from 'virtual:charts'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Chart, ChartEdge, ChartState } from '../../drawing/chart.ts'
import { Heads, Label, State } from './chart-parts.tsx'
import { edgeClass, isNear, looksOf, type Move, nearOf } from './looks.ts'

export type ChartProps = {
  readonly machine: string
  /** Path of the state it is in; null where it is in none. */
  readonly active: string | null
  /** The way that was taken so far; the last move is lit. */
  readonly way?: readonly Move[]
  /** Machine events that could come next. */
  readonly next?: readonly string[]
  /** Words to lay over edges and states, by key and path; there is room for them on a chart with weights. */
  readonly notes?: ReadonlyMap<string, string>
  /** From 0 to 1: how much of all went along an edge. */
  readonly weights?: ReadonlyMap<string, number>
  /** With it states are buttons. */
  readonly choose?: (path: string) => void
  /** Told of the state that is pointed at, or has the focus. */
  readonly look?: (path: string | null) => void
  readonly label: string
}

export const chartNamed = (machine: string): Chart | undefined => charts.find(({ name }) => name === machine)
const countedChart = (machine: string): Chart | undefined =>
  countedCharts.find(({ name }) => name === machine)

/** With more edges than this between states, those that have nothing to do with the way are left without words. */
const many = 20
const zooms = [0.5, 0.65, 0.8, 1, 1.25, 1.6] as const

/** Keeps a state in view when the chart is larger than its box. */
const useInView = (path: string | null, zoom: Size) => {
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

/** How large it is: a share of its own size, all of it in its box, or the same unless the screen is far too narrow for that. */
type Size = number | 'whole' | 'readable'

const Zoom = ({ size, set }: { readonly size: Size; readonly set: (to: Size) => void }) => {
  const step = (by: 1 | -1): void => {
    const at = zooms.findIndex((one) => one >= (typeof size === 'number' ? size : 0.8))
    set(zooms[Math.min(zooms.length - 1, Math.max(0, at + by))] ?? 1)
  }
  return (
    <div class="zoom">
      <button type="button" class="quiet" onClick={() => step(-1)} aria-label="Smaller">
        −
      </button>
      <button type="button" class="quiet" onClick={() => set('whole')} aria-label="Fit the whole chart">
        Fit
      </button>
      <button type="button" class="quiet" onClick={() => step(1)} aria-label="Larger">
        +
      </button>
    </div>
  )
}

const Frame = ({ frame }: Pick<Chart, 'frame'>) =>
  frame === null ? null : (
    <g class="frame" transform={`translate(${frame.x} ${frame.y})`}>
      <rect width={frame.width} height={frame.height} rx="14" />
      <text x="14" y="20">
        {frame.name}
      </text>
    </g>
  )

/** What is in the picture, from the back to the front. */
const Drawn = ({ chart, ...props }: ChartProps & { readonly chart: Chart }) => {
  const { active, way = [], next = [], notes, weights, choose } = props
  const [looked, setLooked] = useState<string | null>(null)
  const looks = useMemo(() => looksOf(chart, way), [chart, way])
  const look = (path: string | null): void => {
    setLooked(path)
    props.look?.(path)
  }
  const coming = new Set(next)
  // What is chosen stays lit when nothing is pointed at.
  const centre = looked ?? (choose === undefined ? null : active)
  const near = centre === null ? null : nearOf(chart, centre)
  const lit = (isLit: boolean): string => (near === null ? '' : isLit ? ' near' : ' far')
  const lookOf = ({ path }: ChartState): string =>
    (path === active ? 'active' : looks.been.has(path) ? 'been' : '') + lit(near?.has(path) ?? false)
  const edgeLook = (edge: ChartEdge): string =>
    edgeClass(
      edge,
      looks,
      active !== null && edge.states.includes(active) && edge.events.some((event) => coming.has(event)),
    ) + lit(centre !== null && isNear(edge, centre))
  const widthOf = (edge: ChartEdge) =>
    weights === undefined ? {} : { strokeWidth: 1 + 4 * (weights.get(edge.key) ?? 0) }
  return (
    <>
      <Heads />
      <Frame frame={chart.frame} />
      <circle class="start" cx={chart.start.x} cy={chart.start.y} r="6" />
      <path class="edge" d={chart.start.line} />
      {chart.edges.map((edge) => (
        <path key={edge.key} class={edgeLook(edge)} d={edge.line} style={widthOf(edge)} />
      ))}
      {chart.states.map((state) => (
        <State
          key={state.path}
          {...{ state, pointing: { look, choose }, class: lookOf(state), isChosen: state.path === active }}
          note={notes?.get(state.path)}
        />
      ))}
      {chart.edges.map((edge) => (
        <Label
          key={edge.key}
          {...{ edge, class: edgeLook(edge), taken: looks.taken.get(edge) }}
          note={notes?.get(edge.key)}
        />
      ))}
    </>
  )
}

export const MachineChart = (props: ChartProps) => {
  const { machine, active, weights, choose, label } = props
  const chart = weights === undefined ? chartNamed(machine) : countedChart(machine)
  const [zoom, setZoom] = useState<Size>('readable')
  const box = useInView(active, zoom)
  if (chart === undefined) return <p class="weak">There is no chart of {machine}.</p>
  const size = typeof zoom === 'number' ? { width: chart.width * zoom, height: chart.height * zoom } : {}
  return (
    <div
      class={`chart${weights === undefined && chart.edges.filter(({ from, to }) => from !== to).length > many ? ' busy' : ''}`}
    >
      <Zoom size={zoom} set={setZoom} />
      <section
        class="paper"
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
        tabIndex={0}
        aria-label={label}
      >
        <svg
          viewBox={`0 0 ${chart.width} ${chart.height}`}
          class={typeof zoom === 'number' ? '' : `fit ${zoom}`}
          style={{ '--width': chart.width }}
          {...size}
          role={choose === undefined ? 'img' : 'group'}
          aria-label={`The ${machine} machine${active === null ? '' : `, in the state ${active}`}`}
        >
          <Drawn key={machine} {...props} chart={chart} />
        </svg>
      </section>
    </div>
  )
}
