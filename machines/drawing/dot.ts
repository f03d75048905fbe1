/** DOT, for Graphviz. */
import { childrenOf, type Drawing, type DrawnState } from './drawing.ts'
import { linesOn, mergedEdges, mergedLoop, type Overlay } from './merged.ts'
import { isTaken, strayMoves } from './trail.ts'

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
/** Lines of a label, each to the left. */
const label = (lines: readonly string[]): string =>
  `"${lines.map((line) => quoted(line).slice(1, -1)).join('\\l')}\\l"`

/** The colour of the way a history took. */
const lit = '#2b6cb0'
const stateLook = ({ path }: DrawnState, { trail }: Overlay): string =>
  trail?.states.has(path) ? `style="rounded,filled", fillcolor="${lit}", fontcolor=white, ` : ''
const edgeLook = (isLit: boolean): string =>
  isLit ? `, color="${lit}", fontcolor="${lit}", penwidth=2.2` : ''

const shapeOf = ({ kind }: DrawnState): string => (kind === 'final' ? 'peripheries=2, ' : '')

const loopsIn = (drawing: Drawing, path: string, overlay: Overlay): string[] => {
  const loop = mergedLoop(drawing, path)
  return loop.edges.length === 0 ? [] : linesOn(loop, overlay).map((line) => `  ${line}`)
}

const contentOf = (drawing: Drawing, { path, name }: DrawnState, overlay: Overlay): string => {
  const loops = loopsIn(drawing, path, overlay)
  return loops.length === 0 ? quoted(name) : label([name, ...loops])
}

const stateLines = (drawing: Drawing, state: DrawnState, overlay: Overlay, indent: string): string[] => {
  const { path, kind, description } = state
  const content = contentOf(drawing, state, overlay)
  if (kind !== 'compound' && kind !== 'parallel')
    return [
      `${indent}${quoted(path)} [${shapeOf(state)}${stateLook(state, overlay)}label=${content}, tooltip=${quoted(description)}]`,
    ]
  return [
    `${indent}subgraph ${quoted(`cluster ${path}`)} {`,
    `${indent}  label=${content}; tooltip=${quoted(description)}; style=rounded`,
    ...blockLines(drawing, state, overlay, `${indent}  `),
    `${indent}}`,
  ]
}

const blockLines = (drawing: Drawing, state: DrawnState, overlay: Overlay, indent: string): string[] => [
  ...childrenOf(drawing, state.path).flatMap((child) => stateLines(drawing, child, overlay, indent)),
  ...(state.initial === null
    ? []
    : [
        `${indent}${quoted(`start ${state.path}`)} [shape=point, width=0.12, label="", tooltip="start"]`,
        `${indent}${quoted(`start ${state.path}`)} -> ${endOf(drawing, state.initial)}`,
      ]),
]

/** Graphviz joins nodes only: an edge of a group ends at the state one starts in. */
const endOf = (drawing: Drawing, path: string): string => {
  const state = drawing.states.find((one) => one.path === path)
  if (path === '') return quoted('at any time')
  const inner = state?.initial ?? childrenOf(drawing, path)[0]?.path
  return inner === undefined ? quoted(path) : endOf(drawing, inner)
}

const edgeLines = (drawing: Drawing, overlay: Overlay): string[] =>
  mergedEdges(drawing).map((merged) => {
    const { from, to, edges } = merged
    const look = edgeLook(edges.some((edge) => isTaken(edge, overlay.trail)))
    return `  ${endOf(drawing, from)} -> ${endOf(drawing, to)} [label=${label(linesOn(merged, overlay))}, tooltip=${quoted(`${from === '' ? 'at any time' : from} to ${to}`)}${look}]`
  })

/** An arrow of its own for what no edge is known for. */
const strayLines = (drawing: Drawing, { trail }: Overlay): string[] =>
  strayMoves(trail).map(
    ({ from, to, text }) =>
      `  ${endOf(drawing, from)} -> ${endOf(drawing, to)} [label=${label([text])}${edgeLook(true)}]`,
  )

const anytimeLines = (drawing: Drawing, overlay: Overlay): string[] => {
  if (!drawing.edges.some(({ from }) => from === '')) return []
  const look = overlay.trail?.states.has('')
    ? `style="rounded,dashed,filled", fillcolor="${lit}", fontcolor=white`
    : 'style="rounded,dashed"'
  return [`  "at any time" [${look}, label=${label(['at any time', ...loopsIn(drawing, '', overlay)])}]`]
}

/** The whole machine as a digraph, newline at the end; with `trail` the way a history took is lit and numbered. */
export const toDot = (drawing: Drawing, overlay: Overlay = {}): string =>
  `${[
    `digraph ${quoted(drawing.name)} {`,
    '  graph [fontname="Helvetica", nodesep=0.5, ranksep=0.7]',
    '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=12]',
    '  edge [fontname="Helvetica", fontsize=10, arrowsize=0.7]',
    ...blockLines(drawing, drawing.states[0]!, overlay, '  '),
    ...anytimeLines(drawing, overlay),
    ...edgeLines(drawing, overlay),
    ...strayLines(drawing, overlay),
    '}',
  ].join('\n')}\n`
