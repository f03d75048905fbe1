/** DOT, for Graphviz. */
import { childrenOf, type Drawing, type DrawnState } from './drawing.ts'
import { labelsOf, loopsOf, mergedEdges } from './merged.ts'

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
/** Lines of a label, each to the left. */
const label = (lines: readonly string[]): string =>
  `"${lines.map((line) => quoted(line).slice(1, -1)).join('\\l')}\\l"`

const shapeOf = ({ kind }: DrawnState): string => (kind === 'final' ? 'peripheries=2, ' : '')

const contentOf = (drawing: Drawing, { path, name }: DrawnState): string => {
  const loops = labelsOf(loopsOf(drawing, path))
  return loops.length === 0 ? quoted(name) : label([name, ...loops.map((loop) => `  ${loop}`)])
}

const stateLines = (drawing: Drawing, state: DrawnState, indent: string): string[] => {
  const { path, kind, description } = state
  if (kind !== 'compound' && kind !== 'parallel')
    return [
      `${indent}${quoted(path)} [${shapeOf(state)}label=${contentOf(drawing, state)}, tooltip=${quoted(description)}]`,
    ]
  return [
    `${indent}subgraph ${quoted(`cluster ${path}`)} {`,
    `${indent}  label=${contentOf(drawing, state)}; tooltip=${quoted(description)}; style=rounded`,
    ...blockLines(drawing, state, `${indent}  `),
    `${indent}}`,
  ]
}

const blockLines = (drawing: Drawing, state: DrawnState, indent: string): string[] => [
  ...childrenOf(drawing, state.path).flatMap((child) => stateLines(drawing, child, indent)),
  ...(state.initial === null
    ? []
    : [
        `${indent}${quoted(`start ${state.path}`)} [shape=point, width=0.12, label="", tooltip="start"]`,
        `${indent}${quoted(`start ${state.path}`)} -> ${endOf(drawing, state.initial)}`,
      ]),
]

/** Graphviz joins nodes only: an edge of a group ends at the state one starts in. */
const endOf = (drawing: Drawing, path: string): string => {
  const state = drawing.states.find((one) => one.path === path)!
  if (path === '') return quoted('at any time')
  const inner = state.initial ?? childrenOf(drawing, path)[0]?.path
  return inner === undefined ? quoted(path) : endOf(drawing, inner)
}

const edgeLines = (drawing: Drawing): string[] =>
  mergedEdges(drawing).map(
    ({ from, to, edges }) =>
      `  ${endOf(drawing, from)} -> ${endOf(drawing, to)} [label=${label(labelsOf(edges))}, tooltip=${quoted(`${from === '' ? 'at any time' : from} to ${to}`)}]`,
  )

const anytimeLines = (drawing: Drawing): string[] =>
  drawing.edges.some(({ from }) => from === '')
    ? [
        `  "at any time" [style="rounded,dashed", label=${label(['at any time', ...labelsOf(loopsOf(drawing, '')).map((loop) => `  ${loop}`)])}]`,
      ]
    : []

/** The whole machine as a digraph, newline at the end. */
export const toDot = (drawing: Drawing): string =>
  `${[
    `digraph ${quoted(drawing.name)} {`,
    '  graph [fontname="Helvetica", nodesep=0.5, ranksep=0.7]',
    '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=12]',
    '  edge [fontname="Helvetica", fontsize=10, arrowsize=0.7]',
    ...blockLines(drawing, drawing.states[0]!, '  '),
    ...anytimeLines(drawing),
    ...edgeLines(drawing),
    '}',
  ].join('\n')}\n`
