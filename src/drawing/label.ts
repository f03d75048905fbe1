/** What is written on a line of a chart, and the room for everything that may come to be written there. */
import type { ElkExtendedEdge, ElkLabel, ElkPoint } from 'elkjs/lib/elk-api.js'
import type { Drawing } from '../../machines/drawing/index.ts'
import { cornersOf, type Place, placeOf } from './lines.ts'
import { type Text, textWidth } from './text.ts'
import type { Way } from './ways.ts'

export type ChartLabel = Place & {
  /** At rest: the events, not all of them where they are many. */
  readonly lines: readonly string[]
  /** Whether its line runs below it: then what is written stands at its foot. */
  readonly isAbove: boolean
}

const small: Text = { size: 11, bold: true, leading: 13.5 }
const most = { edge: 4, loop: 2 } as const
/** How often a way was taken, and after what mean time: it stands under the events. */
const widestNotes = ['9999× · 9.9 min', '9999× · 999 ms']

const anythingElse = 'anything else'
const isLoop = ({ from, to }: Way): boolean => from === to
const nameOf = (event: string): string => (event === '*' ? anythingElse : event)

const linesOf = (way: Way): readonly string[] => {
  const named = way.events.map(nameOf)
  const heading = way.when === null ? [] : [`${way.when}:`]
  const room = (isLoop(way) ? most.loop : most.edge) - heading.length
  if (named.length <= room) return [...heading, ...named]
  return [...heading, ...named.slice(0, room - 1), `+ ${named.length - room + 1} more`]
}

export type Written = {
  readonly drawing: Drawing
  /** With the room for how often each way was taken and after what time. */
  readonly isCounted: boolean
}

/** Everything that may be written: any of its events alone, in full, when it was that one. */
const possible = ({ drawing, isCounted }: Written, way: Way): readonly string[] => [
  ...[...linesOf(way), ...way.events, ...(isCounted ? widestNotes : [])],
  ...(way.events.includes('*') ? drawing.edges.map(({ event }) => event) : []),
]

/** Pixels. */
export const labelSize = (
  written: Written,
  way: Way,
): { readonly width: number; readonly height: number } => ({
  width: Math.max(...possible(written, way).map((line) => textWidth(line, small))) + 8,
  height: (linesOf(way).length + (written.isCounted ? 1 : 0)) * small.leading + 4,
})

type Laid = { readonly edge: ElkExtendedEdge; readonly label: ElkLabel; readonly origin: ElkPoint }

/** Of its own lines, whether the nearest level one that runs along it is below. */
const isOver = ({ edge, origin }: Laid, { x, y, width, height }: Place): boolean => {
  const level = cornersOf(edge, origin).flatMap((points) =>
    points.slice(1).flatMap((to, at) => {
      const from = points[at]!
      const runsAlong = Math.min(from.x, to.x) < x + width && x < Math.max(from.x, to.x)
      return Math.abs(from.y - to.y) < 0.5 && runsAlong ? [from.y] : []
    }),
  )
  const middle = y + height / 2
  const [nearest] = level.toSorted((one, other) => Math.abs(one - middle) - Math.abs(other - middle))
  return nearest !== undefined && nearest > middle
}

export const placedLabel = (way: Way, laid: Laid): ChartLabel => {
  const place = placeOf(laid.label, laid.origin)
  return { ...place, lines: linesOf(way), isAbove: isOver(laid, place) }
}
