/** A drawing as a graph for ELK (https://eclipse.dev/elk/): sizes of boxes and labels, and how it is to be laid out. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import {
  childrenOf,
  type Drawing,
  type DrawnState,
  labelOf,
  loopsOf,
  type MergedEdge,
  mergedEdges,
} from '../../machines/drawing/index.ts'
import { type Counts, countText, totalsOf } from './counts.ts'
import { sizeOf, type Text, textWidth } from './text.ts'

/** Id of the box that stands for the machine's own transitions, possible in every state. */
export const anytime = 'at any time'

export type BoxLine = { readonly kind: 'heading' | 'line'; readonly text: string }
export type Box = { readonly state: DrawnState; readonly title: string; readonly lines: readonly BoxLine[] }
export type Label = {
  readonly edge: MergedEdge
  readonly lines: readonly string[]
  readonly count: string | null
}
export type Plan = {
  readonly graph: ElkNode
  readonly boxes: ReadonlyMap<string, Box>
  readonly labels: ReadonlyMap<string, Label>
}

export const titleText: Text = { size: 14, bold: true, leading: 20 }
export const lineText: Text = { size: 11, bold: false, leading: 15 }
export const padding = { x: 14, y: 10 } as const

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.layered.crossingMinimization.strategy': 'LAYER_SWEEP',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.edgeLabels.placement': 'CENTER',
  'elk.layered.thoroughness': '50',
  'elk.randomSeed': '1',
  'elk.spacing.nodeNode': '36',
  'elk.spacing.edgeNode': '22',
  'elk.spacing.edgeEdge': '16',
  'elk.spacing.edgeLabel': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '34',
  'elk.layered.spacing.edgeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
  'elk.padding': '[top=20,left=20,bottom=20,right=20]',
}

/** A heading and the edges under it; none where there are no edges. */
const section = (heading: string, edge: MergedEdge | undefined, count: string | null): BoxLine[] =>
  edge === undefined
    ? []
    : [
        { kind: 'heading', text: count === null ? heading : `${heading} (${count})` },
        ...[...new Set(edge.edges.map(labelOf))].map((text): BoxLine => ({ kind: 'line', text })),
      ]

const boxSize = ({ title, lines }: Box): { width: number; height: number } => {
  const inner = Math.max(textWidth(title, titleText), ...lines.map(({ text }) => textWidth(text, lineText)))
  const list = lines.length === 0 ? 0 : 6 + lines.length * lineText.leading
  return { width: Math.max(96, inner + 2 * padding.x), height: titleText.leading + list + 2 * padding.y }
}

/** Room above the children of a group for its title and its own lines. */
const groupPadding = (box: Box): string => `[top=${boxSize(box).height + 8},left=18,bottom=18,right=18]`

const nodeOf = (drawing: Drawing, boxes: ReadonlyMap<string, Box>, { path }: DrawnState): ElkNode => {
  const box = boxes.get(path)!
  const children = childrenOf(drawing, path).map((child) => nodeOf(drawing, boxes, child))
  const { width, height } = boxSize(box)
  if (children.length === 0) return { id: path, width, height }
  return {
    id: path,
    width,
    height,
    children,
    layoutOptions: { ...options, 'elk.padding': groupPadding(box) },
  }
}

const edgeOf = (id: string, from: string, to: string, lines: readonly string[]): ElkExtendedEdge => {
  const { width, height } = sizeOf(lines, lineText)
  return {
    id,
    sources: [from],
    targets: [to],
    labels:
      lines.length === 0
        ? []
        : [{ id: `${id} label`, text: lines.join('\n'), width: width + 12, height: height + 6 }],
  }
}

const labelFor = (edge: MergedEdge, count: string | null): Label => {
  const lines = [...new Set(edge.edges.map(labelOf))]
  return { edge, count, lines: count === null ? lines : [count, ...lines] }
}

/** Edges that stay, one for each state that has any, so that they can be counted like the others. */
const mergedLoops = (drawing: Drawing): Map<string, MergedEdge> =>
  new Map(
    drawing.states
      .map(({ path }) => ({ from: path, to: path, edges: loopsOf(drawing, path) }))
      .filter(({ edges }) => edges.length > 0)
      .map((loop) => [loop.from, loop]),
  )

/** Into an end that can be reached at any time, edges from more states than this are listed in their boxes. */
const fewEnds = 3

/** Ends that so much leads to that lines would hide the rest. */
const crowdedEnds = ({ states }: Drawing, merged: readonly MergedEdge[]): ReadonlySet<string> => {
  const crowded = states.filter(({ path, kind }) => {
    const into = merged.filter(({ to }) => to === path)
    return kind === 'final' && into.length > fewEnds && into.some(({ from }) => from === '')
  })
  return new Set(crowded.map(({ path }) => path))
}

type Words = Pick<Plan, 'boxes' | 'labels'>

const wordsOf = (drawing: Drawing, counts: Counts | null): Words => {
  const merged = mergedEdges(drawing)
  const loops = mergedLoops(drawing)
  const crowded = crowdedEnds(drawing, merged)
  const isListed = ({ from, to }: MergedEdge): boolean => from !== '' && crowded.has(to)
  const totals = counts === null ? null : totalsOf(counts, [...merged, ...loops.values()])
  const said = (edge: MergedEdge | undefined): string | null =>
    totals === null || edge === undefined ? null : countText(totals.get(edge))
  const linesOf = (path: string): BoxLine[] => [
    ...section('stays here after', loops.get(path), said(loops.get(path))),
    ...merged
      .filter((edge) => edge.from === path && isListed(edge))
      .flatMap((edge) => section(`goes to ${edge.to} after`, edge, said(edge))),
  ]
  const drawn = merged.filter((edge) => !isListed(edge))
  return {
    boxes: new Map(
      drawing.states.map((state) => {
        const title = state.path === '' ? anytime : state.name
        return [state.path, { state, title, lines: linesOf(state.path) }]
      }),
    ),
    labels: new Map(drawn.map((edge, at) => [`edge ${at}`, labelFor(edge, said(edge))])),
  }
}

const startId = ({ path }: DrawnState): string => `start of ${path}`

const starts = ({ states }: Drawing): DrawnState[] => states.filter(({ initial }) => initial !== null)

const withStarts = (drawing: Drawing, node: ElkNode): ElkNode => {
  const own = drawing.states.find(({ path }) => path === node.id)
  const start: ElkNode[] = own && own.initial !== null ? [{ id: startId(own), width: 14, height: 14 }] : []
  if (node.children === undefined) return node
  return { ...node, children: [...start, ...node.children.map((child) => withStarts(drawing, child))] }
}

/** What ELK is to lay out, with the boxes and labels by the ids of nodes and edges. */
export const planOf = (drawing: Drawing, counts: Counts | null): Plan => {
  const { boxes, labels } = wordsOf(drawing, counts)
  const free = drawing.edges.some(({ from }) => from === '')
    ? [{ id: anytime, ...boxSize(boxes.get('')!) }]
    : []
  const children = [...childrenOf(drawing, '').map((state) => nodeOf(drawing, boxes, state)), ...free]
  const edges = [
    ...starts(drawing).map((state) => edgeOf(`start ${state.path}`, startId(state), state.initial!, [])),
    ...[...labels].map(([id, { edge, lines }]) => edgeOf(id, edge.from || anytime, edge.to, lines)),
  ]
  const graph = withStarts(drawing, { id: '', children, layoutOptions: options })
  return { graph: { ...graph, id: 'machine', edges }, boxes, labels }
}
