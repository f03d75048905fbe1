/** Mermaid (`stateDiagram-v2`), as GitHub and GitLab draw it in Markdown. */
import { childrenOf, type Drawing, type DrawnState } from './drawing.ts'
import { linesOn, mergedEdges, mergedLoop, type Overlay } from './merged.ts'
import { strayMoves } from './trail.ts'

const idOf = (path: string): string => (path === '' ? 'anytime' : path.replaceAll(/[^A-Za-z0-9_]/g, '_'))

/** Characters that Mermaid takes for its own are written as entities; lines are parted by `<br/>`. */
const escaped = (text: string): string =>
  text.replaceAll(/[#;:"<>{}]/g, (character) => `#${character.charCodeAt(0)};`)
const lines = (parts: readonly string[]): string => parts.map(escaped).join('<br/>')

const stateLines = (drawing: Drawing, state: DrawnState, indent: string): string[] => {
  const id = idOf(state.path)
  if (state.kind === 'atomic' || state.kind === 'final' || state.kind === 'history')
    return [`${indent}${id}: ${escaped(state.name)}`]
  return [
    `${indent}state "${escaped(state.name)}" as ${id} {`,
    ...blockLines(drawing, state, `${indent}  `),
    `${indent}}`,
  ]
}

const blockLines = (drawing: Drawing, state: DrawnState, indent: string): string[] => [
  ...(state.initial === null ? [] : [`${indent}[*] --> ${idOf(state.initial)}`]),
  ...childrenOf(drawing, state.path).flatMap((child) => stateLines(drawing, child, indent)),
  ...childrenOf(drawing, state.path)
    .filter(({ kind }) => kind === 'final')
    .map(({ path }) => `${indent}${idOf(path)} --> [*]`),
]

const edgeLines = (drawing: Drawing, overlay: Overlay): string[] =>
  mergedEdges(drawing).map(
    (merged) => `  ${idOf(merged.from)} --> ${idOf(merged.to)}: ${lines(linesOn(merged, overlay))}`,
  )

const loopLines = (drawing: Drawing, overlay: Overlay): string[] =>
  drawing.states
    .map(({ path }) => mergedLoop(drawing, path))
    .filter(({ edges }) => edges.length > 0)
    .map((loop) => `  ${idOf(loop.from)} --> ${idOf(loop.to)}: ${lines(linesOn(loop, overlay))}`)

/** An arrow of its own for what no edge is known for. */
const strayLines = ({ trail }: Overlay): string[] =>
  strayMoves(trail).map(({ from, to, text }) => `  ${idOf(from)} --> ${idOf(to)}: ${text}`)

const highlight = ({ trail }: Overlay): string[] =>
  trail === undefined
    ? []
    : [
        '  classDef taken fill:#2b6cb0,stroke:#1a365d,color:#ffffff,font-weight:bold',
        `  class ${[...trail.states].map(idOf).join(',')} taken`,
      ]

/**
 * The whole machine as Mermaid text, newline at the end. With `trail` the states a history went through are lit, and each step
 * stands on the edge that was taken.
 */
export const toMermaid = (drawing: Drawing, overlay: Overlay = {}): string => {
  const root = drawing.states[0]!
  const anytime = drawing.edges.some(({ from }) => from === '')
  return `${[
    'stateDiagram-v2',
    ...blockLines(drawing, root, '  '),
    ...(anytime ? ['  anytime: at any time'] : []),
    ...edgeLines(drawing, overlay),
    ...strayLines(overlay),
    ...loopLines(drawing, overlay),
    ...highlight(overlay),
  ].join('\n')}\n`
}
