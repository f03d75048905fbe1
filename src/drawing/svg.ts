/** SVG of a machine: boxes with rounded corners, edges with what is said on them, a sentence on each state's tooltip. */

import type { ElkExtendedEdge, ElkNode, ElkPoint } from 'elkjs/lib/elk-api.js'
import type { Drawing, Trail } from '../../machines/drawing/index.ts'
import { type Counts, countNotes } from './counts.ts'
import { newElk } from './elk.ts'
import { anytime, type Box, lineText, type Plan, padding, planOf, titleText } from './graph.ts'
import { litStyle, style } from './style.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character]!)
const px = (value: number): string => String(Math.round(value * 10) / 10)

type Place = { readonly x: number; readonly y: number }

const textAt = (kind: string, x: number, y: number, text: string): string =>
  `<text class="${kind}" x="${px(x)}" y="${px(y)}">${escaped(text)}</text>`

/** A box's own text, from its upper left corner. */
const boxText = ({ title, lines }: Box): string[] => [
  textAt('title', padding.x, padding.y + titleText.size, title),
  ...(lines.length === 0 ? [] : [`<path class="rule" d="M0 ${padding.y + titleText.leading}H100%"/>`]),
  ...lines.map(({ kind, text }, at) =>
    textAt(kind, padding.x, padding.y + titleText.leading + 4 + (at + 1) * lineText.leading - 2, text),
  ),
]

const kindOf = ({ state, isLit }: Box, id: string): string =>
  `state ${id === anytime ? 'anytime' : state.kind}${isLit ? ' lit' : ''}`

const frame = (box: Box, id: string, { width = 0, height = 0 }: ElkNode): string[] => [
  `<rect class="${kindOf(box, id)}" width="${px(width)}" height="${px(height)}" rx="10"/>`,
  ...(box.state.kind === 'final'
    ? [`<rect class="inner" x="3.5" y="3.5" width="${px(width - 7)}" height="${px(height - 7)}" rx="7"/>`]
    : []),
]

const sentenceOf = ({ state }: Box): string =>
  state.path === '' ? 'What may come in every state.' : state.description

const drawNode = (plan: Plan, node: ElkNode): string[] => {
  const { id, x = 0, y = 0, width = 0, children = [] } = node
  if (id.startsWith('start of ')) return [`<circle class="start" cx="${px(x + 7)}" cy="${px(y + 7)}" r="6"/>`]
  const box = plan.boxes.get(id === anytime ? '' : id)!
  return [
    `<g transform="translate(${px(x)} ${px(y)})" data-state="${escaped(box.state.path)}">`,
    `<title>${escaped(sentenceOf(box))}</title>`,
    ...frame(box, id, node),
    ...boxText(box).map((line) => line.replace('H100%', `H${px(width)}`)),
    ...children.flatMap((child) => drawNode(plan, child)),
    '</g>',
  ]
}

/** A line through the points with rounded bends. */
const rounded = (points: readonly ElkPoint[], radius: number): string => {
  const parts = [`M${px(points[0]!.x)} ${px(points[0]!.y)}`]
  for (let at = 1; at < points.length - 1; at += 1) {
    const bend = points[at]!
    const before = toward(bend, points[at - 1]!, radius)
    const after = toward(bend, points[at + 1]!, radius)
    parts.push(
      `L${px(before.x)} ${px(before.y)}`,
      `Q${px(bend.x)} ${px(bend.y)} ${px(after.x)} ${px(after.y)}`,
    )
  }
  const last = points.at(-1)!
  return [...parts, `L${px(last.x)} ${px(last.y)}`].join('')
}

/** The point `distance` away from one on the way to another, half the way at most. */
const toward = (from: Place, to: Place, distance: number): Place => {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const share = length === 0 ? 0 : Math.min(distance, length / 2) / length
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

const drawEdge = (plan: Plan, edge: ElkExtendedEdge, origin: Place): { line: string; label: string[] } => {
  const sections = edge.sections ?? []
  const paths = sections.map(({ startPoint, bendPoints = [], endPoint }) =>
    rounded([startPoint, ...bendPoints, endPoint], 8),
  )
  const label = plan.labels.get(edge.id)
  const [from, to] = label === undefined ? ['', ''] : [label.edge.from, label.edge.to]
  const shift = `transform="translate(${px(origin.x)} ${px(origin.y)})"`
  const ending = plan.boxes.get(to)?.state.kind === 'final' ? ' ending' : ''
  const look = label?.isLit ? ' lit' : ending
  const arrow = label?.isLit ? 'lit-arrow' : 'arrow'
  const line = `<path class="edge${look}" ${shift} data-from="${escaped(from)}" data-to="${escaped(to)}" marker-end="url(#${arrow})" d="${paths.join('')}"/>`
  return { line, label: drawLabel(plan, edge, origin) }
}

const drawLabel = (plan: Plan, edge: ElkExtendedEdge, origin: Place): string[] => {
  const label = plan.labels.get(edge.id)
  const place = edge.labels?.[0]
  if (label === undefined || place === undefined) return []
  const { x = 0, y = 0, width = 0, height = 0 } = place
  return [
    `<g transform="translate(${px(origin.x + x)} ${px(origin.y + y)})">`,
    `<title>${escaped(label.edge.edges.map(({ event, actions }) => `${event}: ${actions.join(', ')}`).join('\n'))}</title>`,
    `<rect class="plate" width="${px(width)}" height="${px(height)}" rx="4"/>`,
    ...label.lines.map(({ kind, text }, at) => textAt(kind, 6, (at + 1) * lineText.leading - 1, text)),
    '</g>',
  ]
}

/** Where each node's own coordinates begin: edges are given in those of the node named as their container. */
const origins = (node: ElkNode, at: Place, all = new Map<string, Place>()): Map<string, Place> => {
  all.set(node.id, at)
  for (const child of node.children ?? [])
    origins(child, { x: at.x + (child.x ?? 0), y: at.y + (child.y ?? 0) }, all)
  return all
}

const markerOf = (id: string, look: string): string =>
  `<marker id="${id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="${look}" d="M0 0.8 10 5 0 9.2z"/></marker>`
const markers = (isLit: boolean): string =>
  `<defs>${markerOf('arrow', 'head')}${isLit ? markerOf('lit-arrow', 'head lit') : ''}</defs>`

const paint = (drawing: Drawing, plan: Plan, laid: ElkNode): string => {
  const { width = 0, height = 0, children = [], edges = [] } = laid
  const places = origins(laid, { x: 0, y: 0 })
  const isLit = [...plan.boxes.values()].some((box) => box.isLit)
  const drawn = edges.map((edge) =>
    drawEdge(plan, edge, places.get(edge.container ?? laid.id) ?? { x: 0, y: 0 }),
  )
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${px(width)} ${px(height)}" width="${px(width)}" height="${px(height)}" role="img" aria-label="The ${escaped(drawing.name)} machine">`,
    `<style>${style}${isLit ? litStyle : ''}</style>`,
    markers(isLit),
    `<rect class="paper" width="${px(width)}" height="${px(height)}"/>`,
    ...children.flatMap((child) => drawNode(plan, child)),
    ...drawn.map(({ line }) => line),
    ...drawn.flatMap(({ label }) => label),
    '</svg>',
  ].join('\n')}\n`
}

export type Laid = { readonly counts?: Counts | null; readonly trail?: Trail }

/**
 * The machine as a standalone SVG document, newline at the end; the same drawing gives the same bytes. With `counts`
 * each edge says how often it was taken and after what mean time; with `trail` the way a history took is lit and numbered.
 */
export const toSvg = async (drawing: Drawing, { counts = null, trail }: Laid = {}): Promise<string> => {
  const plan = planOf(drawing, { trail, note: counts === null ? undefined : countNotes(drawing, counts) })
  return paint(drawing, plan, await newElk().layout(plan.graph))
}
