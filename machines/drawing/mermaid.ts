/** Mermaid (`stateDiagram-v2`), as GitHub and GitLab draw it in Markdown. */
import { childrenOf, type Drawing, type DrawnState } from './drawing.ts'
import { labelsOf, loopsOf, mergedEdges } from './merged.ts'

/** What to light up: the states a history went through and the moves it made, by number. */
export type Trail = {
  readonly states: ReadonlySet<string>
  /** Step numbers by `from` and `to` paths: see `trailKey`. */
  readonly moves: ReadonlyMap<string, readonly number[]>
}

export const trailKey = (from: string, to: string): string => `${from} ${to}`

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

const stepsOf = (trail: Trail | undefined, from: string, to: string): string[] => {
  const steps = trail?.moves.get(trailKey(from, to))
  return steps === undefined ? [] : [`step ${steps.join(', ')}`]
}

const edgeLines = (drawing: Drawing, trail: Trail | undefined): string[] =>
  mergedEdges(drawing).map(
    ({ from, to, edges }) =>
      `  ${idOf(from)} --> ${idOf(to)}: ${lines([...stepsOf(trail, from, to), ...labelsOf(edges)])}`,
  )

const loopLines = (drawing: Drawing, trail: Trail | undefined): string[] =>
  drawing.states.flatMap(({ path }) => {
    const loops = loopsOf(drawing, path)
    const steps = stepsOf(trail, path, path)
    if (loops.length === 0 && steps.length === 0) return []
    return [`  ${idOf(path)} --> ${idOf(path)}: ${lines([...steps, ...labelsOf(loops)])}`]
  })

/** Moves that the picture has no edge for: through an edge of the machine itself, or of a state around. */
const otherMoves = (drawing: Drawing, trail: Trail | undefined): string[] => {
  const drawn = new Set(mergedEdges(drawing).map(({ from, to }) => trailKey(from, to)))
  return [...(trail?.moves ?? [])]
    .filter(([key]) => !drawn.has(key))
    .map(([key, steps]) => ({ ends: key.split(' '), steps }))
    .filter(({ ends }) => ends[0] !== ends[1])
    .map(({ ends, steps }) => `  ${idOf(ends[0]!)} --> ${idOf(ends[1]!)}: step ${steps.join(', ')}`)
}

const highlight = (trail: Trail | undefined): string[] =>
  trail === undefined
    ? []
    : [
        '  classDef taken fill:#2b6cb0,stroke:#1a365d,color:#ffffff,font-weight:bold',
        `  class ${[...trail.states].map(idOf).join(',')} taken`,
      ]

/** The whole machine as Mermaid text, newline at the end; with `trail` the path a history took is lit and numbered. */
export const toMermaid = (drawing: Drawing, { trail }: { readonly trail?: Trail } = {}): string => {
  const root = drawing.states[0]!
  const anytime = drawing.edges.some(({ from }) => from === '')
  return `${[
    'stateDiagram-v2',
    ...blockLines(drawing, root, '  '),
    ...(anytime ? ['  anytime: at any time'] : []),
    ...edgeLines(drawing, trail),
    ...otherMoves(drawing, trail),
    ...loopLines(drawing, trail),
    ...highlight(trail),
  ].join('\n')}\n`
}
