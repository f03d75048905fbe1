/**
 * A machine laid out for a screen: boxes with their names alone, edges with the events on them. Where things are is reckoned
 * when the page is built (ELK is far too heavy for a browser); how they look is the page's.
 */
import type { ElkExtendedEdge, ElkNode, ElkPoint } from 'elkjs/lib/elk-api.js'
import type { Drawing, DrawnState } from '../../machines/drawing/index.ts'
import { newElk } from './elk.ts'
import type { Frame } from './frames.ts'
import { type ChartLabel, labelSize, placedLabel, type Written } from './label.ts'
import { lineOf, type Place, placeOf, px } from './lines.ts'
import { type Text, textWidth } from './text.ts'
import { someStates, type Way, waysOf } from './ways.ts'

export type { ChartLabel } from './label.ts'
export type { Place } from './lines.ts'
export type ChartState = Place & {
  readonly path: string
  readonly name: string
  /** `anytime`: no state, but where lines begin that lead out of all or of several. */
  readonly kind: DrawnState['kind'] | 'anytime'
  readonly description: string
}
export type ChartEdge = {
  /** Not to be taken for another. */
  readonly key: string
  /** A state, a frame, `someStates`, or '' for what is possible at any time. */
  readonly from: string
  /** The same as `from` where it stays. */
  readonly to: string
  /** The states it leads from: several where it leads out of a frame, or where ends of several are drawn once. */
  readonly states: readonly string[]
  /** Machine events that lead along it, with and without guards. */
  readonly events: readonly string[]
  /** What is said above them where they lead there only now and then. */
  readonly when: string | null
  /** The `d` of an SVG path. */
  readonly line: string
  /** Null where nothing is written on it. */
  readonly label: ChartLabel | null
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
const boxHeight = 44
const anytime = 'at any time'
const anyOf = 'in any of these'

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

const nodeOf = ({ path, name }: DrawnState): ElkNode => ({
  id: path,
  width: Math.max(92, textWidth(name, title) + 28),
  height: boxHeight,
})

const edgeOf = (written: Written, { from, to, ...way }: Way): ElkExtendedEdge => ({
  id: way.key,
  sources: [from || anytime],
  targets: [to || anytime],
  labels: [
    { id: `label of ${way.key}`, text: way.events.join(' '), ...labelSize(written, { from, to, ...way }) },
  ],
})

type Shown = {
  readonly written: Written
  readonly frame: Frame | null
  readonly ways: readonly Way[]
}

const graphOf = ({ written, frame, ways }: Shown): ElkNode => {
  const { drawing } = written
  const nodes = drawing.states.filter(({ path }) => path !== '').map(nodeOf)
  const isInFrame = ({ id }: ElkNode): boolean => frame?.states.includes(id) ?? false
  const free = [anytime, someStates]
    .filter((id) => ways.some(({ from }) => (from || anytime) === id))
    .map((id) => ({ id, width: textWidth(id, title) + 28, height: boxHeight }))
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
    children: [{ id: 'start', width: 12, height: 12 }, ...placed, ...free],
    edges: [start, ...ways.map((way) => edgeOf(written, way))],
  }
}

const nowhere: ElkPoint = { x: 0, y: 0 }

const noState = (id: string): Omit<ChartState, keyof Place> => ({
  ...{ path: id === anytime ? '' : id, name: id, kind: 'anytime' },
  description:
    id === anytime ? 'What may come in every state.' : 'What may end it in the states that know of it.',
})

const stateOf = (drawing: Drawing, node: ElkNode, origin: ElkPoint): ChartState => {
  const state = drawing.states.find(({ path }) => path === node.id)
  if (state === undefined) return { ...placeOf(node, origin), ...noState(node.id) }
  const { path, name, kind, description } = state
  return { ...placeOf(node, origin), path, name, kind, description }
}

const chartEdge = (way: Way, laid: ElkExtendedEdge, origin: ElkPoint): ChartEdge => {
  const [label] = laid.labels ?? []
  const { key, from, to, events, states, when } = way
  return {
    ...{ key, from, to, states, events, when, line: lineOf(laid, origin) },
    label: label === undefined ? null : placedLabel(way, { edge: laid, label, origin }),
  }
}

/**
 * The same drawing gives the same chart; where it `isCounted` there is room to write on each line how often it was taken, and after what time.
 * States inside states are not drawn: no machine here has any.
 */
export const chartOf = async (
  drawing: Drawing,
  { isCounted = true }: { readonly isCounted?: boolean } = {},
): Promise<Chart> => {
  const { frame, ways } = waysOf(drawing)
  const laid = await newElk().layout(graphOf({ written: { drawing, isCounted }, frame, ways }))
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
    states: [...drawing.states.map(({ path }) => path).filter((path) => path !== ''), anytime, someStates]
      .flatMap((path) => [...alone, ...within].filter(({ id }) => id === path))
      .map((node) => stateOf(drawing, node, within.includes(node) ? inBox : nowhere)),
    frame: box === undefined ? null : { ...placeOf(box, nowhere), path: box.id, name: anyOf },
    edges: others.map((edge, at) => chartEdge(ways[at]!, edge, originOf(edge))),
    start: { x: px((dot?.x ?? 0) + 6), y: px((dot?.y ?? 0) + 6), line: lineOf(start!, nowhere) },
  }
}
