/**
 * A machine laid out for a screen: boxes with their names alone, edges with the events on them. Where things are is reckoned
 * when the page is built (ELK is far too heavy for a browser); how they look is the page's.
 */
import type { ElkExtendedEdge, ElkNode, ElkPoint } from 'elkjs/lib/elk-api.js'
import { type Drawing, type DrawnState, type MergedEdge, mergedEdges } from '../../machines/drawing/index.ts'
import { newElk } from './elk.ts'
import { type Bundle, type Frame, framed } from './frames.ts'
import { sizeOf, type Text, textWidth } from './text.ts'

/** Pixels, from the upper left corner of the chart. */
export type Place = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export type ChartState = Place & {
  readonly path: string
  readonly name: string
  readonly kind: DrawnState['kind'] | 'anytime'
  readonly description: string
}
export type ChartEdge = {
  /** A state, a frame, or '' for what is possible at any time. */
  readonly from: string
  readonly to: string
  /** The states it leads from: several where it leads out of a frame. */
  readonly states: readonly string[]
  /** Machine events that lead along it, with and without guards. */
  readonly events: readonly string[]
  /** The `d` of an SVG path. */
  readonly line: string
  /** Null where nothing is written on it. */
  readonly label: (Place & { readonly lines: readonly string[] }) | null
}
export type Chart = {
  readonly name: string
  readonly description: string
  readonly width: number
  readonly height: number
  /** Path of the state that a history begins in. */
  readonly initial: string
  readonly states: readonly ChartState[]
  /** Around states that are left by the same ways; null where no states are. */
  readonly frame: (Place & { readonly path: string; readonly name: string }) | null
  readonly edges: readonly ChartEdge[]
  /** From the dot to the first state. */
  readonly start: { readonly x: number; readonly y: number; readonly line: string }
}

const title: Text = { size: 13, bold: true, leading: 18 }
const small: Text = { size: 11, bold: false, leading: 13.5 }
const boxHeight = 44
const anytime = 'at any time'
const anyOf = 'in any of these'
const mostLines = 4
/** What may be laid over an edge instead of its events: how often it was taken, and after what time. */
const widestNote = '999× · 99 ms'

const options = {
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.edgeLabels.placement': 'CENTER',
  'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'SPACE_EFFICIENT_LAYER',
  'elk.layered.compaction.postCompaction.strategy': 'EDGE_LENGTH',
  'elk.layered.thoroughness': '60',
  'elk.randomSeed': '1',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeNodeBetweenLayers': '10',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.padding': '[top=12,left=12,bottom=12,right=12]',
}

const frameOptions = { 'elk.padding': '[top=30,left=16,bottom=16,right=16]' }

const linesOf = (events: readonly string[]): readonly string[] => {
  const named = events.map((event) => (event === '*' ? 'anything else' : event))
  if (named.length <= mostLines) return named
  return [...named.slice(0, mostLines - 1), `+ ${named.length - mostLines + 1} more`]
}

/** Ends that every state leads to would hide the rest: of the edges into them only those possible at any time are drawn. */
const isShown = ({ from, to }: MergedEdge, drawing: Drawing): boolean => {
  const end = drawing.states.find(({ path }) => path === to)
  const isAnyTime = mergedEdges(drawing).some((edge) => edge.from === '' && edge.to === to)
  return from === '' || end?.kind !== 'final' || !isAnyTime
}

const nodeOf = ({ path, name }: DrawnState): ElkNode => ({
  id: path,
  width: Math.max(92, textWidth(name, title) + 28),
  height: boxHeight,
})

const sourceOf = ({ frame, states }: Bundle): string => frame ?? states[0]!

const edgeOf = (bundle: Bundle, at: number): ElkExtendedEdge => {
  const lines = linesOf(bundle.events)
  const { width: needed, height } = sizeOf(lines, small)
  const width = Math.max(needed, textWidth(widestNote, { ...small, bold: true }))
  return {
    id: `edge ${at}`,
    sources: [sourceOf(bundle) || anytime],
    targets: [bundle.to],
    labels: [{ id: `label ${at}`, text: lines.join('\n'), width: width + 8, height: height + 4 }],
  }
}

const px = (value: number): number => Math.round(value * 10) / 10
const lineOf = (edge: ElkExtendedEdge, origin: ElkPoint): string =>
  (edge.sections ?? [])
    .map(({ startPoint, bendPoints = [], endPoint }) =>
      rounded(
        [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x: x + origin.x, y: y + origin.y })),
      ),
    )
    .join('')

const bend = 7
/** A line through points with rounded bends. */
const rounded = (points: readonly ElkPoint[]): string => {
  const inner = points.slice(1, -1).map((corner, at) => {
    const before = toward(corner, points[at]!)
    const after = toward(corner, points[at + 2]!)
    return `L${before}Q${px(corner.x)} ${px(corner.y)} ${after}`
  })
  const [first, last] = [points[0]!, points.at(-1)!]
  return `M${px(first.x)} ${px(first.y)}${inner.join('')}L${px(last.x)} ${px(last.y)}`
}
const toward = (from: ElkPoint, to: ElkPoint): string => {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const share = length === 0 ? 0 : Math.min(bend, length / 2) / length
  return `${px(from.x + (to.x - from.x) * share)} ${px(from.y + (to.y - from.y) * share)}`
}

const placeOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Place>, origin: ElkPoint): Place => ({
  ...{ x: px(x + origin.x), y: px(y + origin.y), width: px(width), height: px(height) },
})

type Shown = {
  readonly drawing: Drawing
  readonly frame: Frame | null
  readonly bundles: readonly Bundle[]
}

const graphOf = ({ drawing, frame, bundles }: Shown): ElkNode => {
  const nodes = drawing.states.filter(({ path }) => path !== '').map(nodeOf)
  const isInFrame = ({ id }: ElkNode): boolean => frame?.states.includes(id) ?? false
  const hasAnyTime = bundles.some((bundle) => sourceOf(bundle) === '')
  const free = { id: anytime, width: textWidth(anytime, title) + 28, height: boxHeight }
  const start: ElkExtendedEdge = { id: 'start', sources: ['start'], targets: [drawing.states[0]!.initial!] }
  // In the order of the machine: a frame stands where the first of its states stands.
  const placed = nodes.flatMap((node): ElkNode[] => {
    if (frame === null || !isInFrame(node)) return [node]
    if (node.id !== frame.states[0]) return []
    return [{ id: frame.id, layoutOptions: frameOptions, children: nodes.filter(isInFrame) }]
  })
  return {
    id: 'chart',
    layoutOptions: options,
    children: [{ id: 'start', width: 12, height: 12 }, ...placed, ...(hasAnyTime ? [free] : [])],
    edges: [start, ...bundles.map(edgeOf)],
  }
}

const nowhere: ElkPoint = { x: 0, y: 0 }

const stateOf = (drawing: Drawing, node: ElkNode, origin: ElkPoint): ChartState => {
  const state = drawing.states.find(({ path }) => path === node.id)
  if (state === undefined)
    return {
      ...placeOf(node, origin),
      ...{ path: '', name: anytime, kind: 'anytime', description: 'What may come in every state.' },
    }
  const { path, name, kind, description } = state
  return { ...placeOf(node, origin), path, name, kind, description }
}

const chartEdge = (bundle: Bundle, laid: ElkExtendedEdge, origin: ElkPoint): ChartEdge => {
  const [label] = laid.labels ?? []
  const { to, events, states } = bundle
  return {
    ...{ from: sourceOf(bundle), to, states, events, line: lineOf(laid, origin) },
    label: label === undefined ? null : { ...placeOf(label, origin), lines: linesOf(events) },
  }
}

/** The same drawing gives the same chart. States inside states are not drawn: no machine here has any. */
export const chartOf = async (drawing: Drawing): Promise<Chart> => {
  const { frame, bundles } = framed(mergedEdges(drawing).filter((edge) => isShown(edge, drawing)))
  const laid = await newElk().layout(graphOf({ drawing, frame, bundles }))
  const { width = 0, height = 0, children = [], edges = [] } = laid
  const box = children.find(({ id }) => id === frame?.id)
  const inBox: ElkPoint = { x: box?.x ?? 0, y: box?.y ?? 0 }
  /** What lies in the frame is placed from its corner. */
  const originOf = ({ container }: ElkExtendedEdge): ElkPoint => (container === frame?.id ? inBox : nowhere)
  const [start, ...others] = edges
  const dot = children.find(({ id }) => id === 'start')
  const [root] = drawing.states
  const alone = children.filter(({ id }) => id !== 'start' && id !== frame?.id)
  const within = box?.children ?? []
  return {
    ...{ name: drawing.name, description: root!.description, initial: root!.initial ?? '' },
    ...{ width: px(width), height: px(height) },
    states: [...drawing.states.map(({ path }) => path).filter((path) => path !== ''), anytime]
      .flatMap((path) => [...alone, ...within].filter(({ id }) => id === path))
      .map((node) => stateOf(drawing, node, within.includes(node) ? inBox : nowhere)),
    frame: box === undefined ? null : { ...placeOf(box, nowhere), path: box.id, name: anyOf },
    edges: others.map((edge, at) => chartEdge(bundles[at]!, edge, originOf(edge))),
    start: { x: px((dot?.x ?? 0) + 6), y: px((dot?.y ?? 0) + 6), line: lineOf(start!, nowhere) },
  }
}
