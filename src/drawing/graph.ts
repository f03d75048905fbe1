/** A drawing as a graph for ELK (https://eclipse.dev/elk/): sizes of boxes and labels, and how it is to be laid out. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import {
  childrenOf,
  type Drawing,
  type DrawnState,
  isTaken,
  labelOf,
  type MergedEdge,
  mergedEdges,
  mergedLoop,
  type Overlay,
  stepLines,
  strayMoves,
} from '../../machines/drawing/index.ts'
import { never } from './counts.ts'
import { sizeOf, type Text, textWidth } from './text.ts'

/** Id of the box that stands for the machine's own transitions, possible in every state. */
export const anytime = 'at any time'

/** A line and how it looks: the class of its text in the picture. */
export type BoxLine = { readonly kind: 'heading' | 'line' | 'line taken'; readonly text: string }
export type Box = {
  readonly state: DrawnState
  readonly title: string
  readonly lines: readonly BoxLine[]
  readonly isLit: boolean
}
export type LabelLine = {
  readonly kind: 'label' | 'label taken' | 'count' | 'count never'
  readonly text: string
}
export type Label = {
  readonly edge: MergedEdge
  readonly lines: readonly LabelLine[]
  readonly isLit: boolean
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

/** What an edge carries beside the steps that were taken on it. */
const otherLines = ({ edges }: MergedEdge, { trail }: Overlay): string[] => [
  ...new Set(edges.filter((edge) => !isTaken(edge, trail)).map(labelOf)),
]

/** A heading and the edges under it; none where there are no edges. */
const section = (heading: string, edge: MergedEdge, overlay: Overlay): BoxLine[] => {
  if (edge.edges.length === 0) return []
  const note = overlay.note?.(edge) ?? ''
  return [
    { kind: 'heading', text: note === '' ? heading : `${heading} (${note})` },
    ...stepLines(edge.edges, overlay.trail).map((text): BoxLine => ({ kind: 'line taken', text })),
    ...otherLines(edge, overlay).map((text): BoxLine => ({ kind: 'line', text })),
  ]
}

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

const edgeOf = (id: string, from: string, to: string, labelled: Label['lines']): ElkExtendedEdge => {
  const lines = labelled.map(({ text }) => text)
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

const noteLines = (edge: MergedEdge, { note }: Overlay): LabelLine[] => {
  const text = note?.(edge) ?? ''
  return text === '' ? [] : [{ kind: text === never ? 'count never' : 'count', text }]
}

const labelFor = (edge: MergedEdge, overlay: Overlay): Label => {
  const taken = stepLines(edge.edges, overlay.trail)
  return {
    edge,
    isLit: taken.length > 0,
    lines: [
      ...noteLines(edge, overlay),
      ...taken.map((text): LabelLine => ({ kind: 'label taken', text })),
      ...otherLines(edge, overlay).map((text): LabelLine => ({ kind: 'label', text })),
    ],
  }
}

/** Moves that no edge is known for get arrows of their own. */
const strayLabels = ({ trail }: Overlay): Label[] =>
  strayMoves(trail).map(({ from, to, text }) => ({
    edge: { from, to, edges: [] },
    isLit: true,
    lines: [{ kind: 'label taken', text }],
  }))

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

const wordsOf = (drawing: Drawing, overlay: Overlay): Words => {
  const merged = mergedEdges(drawing)
  const crowded = crowdedEnds(drawing, merged)
  const isListed = ({ from, to }: MergedEdge): boolean => from !== '' && crowded.has(to)
  const linesOf = (path: string): BoxLine[] => [
    ...section('stays here after', mergedLoop(drawing, path), overlay),
    ...merged
      .filter((edge) => edge.from === path && isListed(edge))
      .flatMap((edge) => section(`goes to ${edge.to} after`, edge, overlay)),
  ]
  const labels = [
    ...merged.filter((edge) => !isListed(edge)).map((edge) => labelFor(edge, overlay)),
    ...strayLabels(overlay),
  ]
  return {
    boxes: new Map(
      drawing.states.map((state) => {
        const { path, name } = state
        const title = path === '' ? anytime : name
        const isLit = overlay.trail?.states.has(path) ?? false
        return [path, { state, title, lines: linesOf(path), isLit }]
      }),
    ),
    labels: new Map(labels.map((label, at) => [`edge ${at}`, label])),
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
export const planOf = (drawing: Drawing, overlay: Overlay): Plan => {
  const { boxes, labels } = wordsOf(drawing, overlay)
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
