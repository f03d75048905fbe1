/** Places and lines of a chart: what ELK found, in pixels of the chart. */
import type { ElkExtendedEdge, ElkPoint } from 'elkjs/lib/elk-api.js'

/** Pixels, from the upper left corner of the chart. */
export type Place = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const px = (value: number): number => Math.round(value * 10) / 10

export const placeOf = (
  { x = 0, y = 0, width = 0, height = 0 }: Partial<Place>,
  origin: ElkPoint,
): Place => ({
  ...{ x: px(x + origin.x), y: px(y + origin.y), width: px(width), height: px(height) },
})

/** Corners of an edge, both ends among them, in pieces that belong together. */
export const cornersOf = (
  { sections = [] }: ElkExtendedEdge,
  origin: ElkPoint,
): readonly (readonly ElkPoint[])[] =>
  sections.map(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x: x + origin.x, y: y + origin.y })),
  )

/** The `d` of an SVG path. */
export const lineOf = (edge: ElkExtendedEdge, origin: ElkPoint): string =>
  cornersOf(edge, origin).map(rounded).join('')

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
