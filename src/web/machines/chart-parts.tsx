/** What a chart is made of: boxes, and words on lines. */
import type { ChartEdge, ChartState } from '../../drawing/chart.ts'
import { wordsOn } from './looks.ts'

export type Pointing = {
  /** A state is pointed at, or left. */
  readonly look: (path: string | null) => void
  readonly choose: ((path: string) => void) | undefined
}

/** As a button for who has no mouse; a picture is nothing to tab through where nothing can be chosen. */
const asButton = (path: string, { look, choose }: Pointing, isChosen: boolean) =>
  choose === undefined
    ? {}
    : ({
        role: 'button',
        tabindex: 0,
        'aria-pressed': isChosen,
        onClick: () => choose(path),
        onKeyDown: (event: KeyboardEvent) => {
          if (event.key !== 'Enter' && event.key !== ' ') return
          event.preventDefault()
          choose(path)
        },
        onFocus: () => look(path),
        onBlur: () => look(null),
      } as const)

export const State = ({
  state,
  class: look,
  note,
  pointing,
  isChosen,
}: {
  readonly state: ChartState
  readonly class: string
  readonly note: string | undefined
  readonly pointing: Pointing
  readonly isChosen: boolean
}) => {
  const { path, name, kind, description, x, y, width, height } = state
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it is a button where something can be done with it
    <g
      class={`state ${kind} ${look}`}
      transform={`translate(${x} ${y})`}
      data-state={path}
      onMouseEnter={() => pointing.look(path)}
      onMouseLeave={() => pointing.look(null)}
      {...asButton(path, pointing, isChosen)}
    >
      {/* Its name as a button, and what a mouse is shown. */}
      <title>{`${name}: ${description}`}</title>
      <rect width={width} height={height} rx="10" />
      {kind === 'final' && (
        <rect class="inner" x="3.5" y="3.5" width={width - 7} height={height - 7} rx="7" />
      )}
      <text class="name" x={width / 2} y={note === undefined ? height / 2 + 4.5 : height / 2 - 1.5}>
        {name}
      </text>
      {note !== undefined && (
        <text class="note" x={width / 2} y={height / 2 + 14}>
          {note}
        </text>
      )}
    </g>
  )
}

/** Pixels from one line to the next: as the room for them was reckoned. */
const leading = 13.5

export const Label = ({
  edge,
  class: look,
  taken,
  note,
}: {
  readonly edge: ChartEdge
  readonly class: string
  /** The events that led along it. */
  readonly taken: readonly string[] | undefined
  readonly note: string | undefined
}) => {
  if (edge.label === null) return null
  const { x, y, height, isAbove } = edge.label
  const lines = [...wordsOn(edge, taken), ...(note === undefined ? [] : [note])]
  const first = isAbove ? height - lines.length * leading - 4 : 0
  return (
    // An edge that is dimmed leaves its words readable.
    <g class={`label ${look.replace(/^edge /, '')}`} transform={`translate(${x} ${y})`} data-edge={edge.key}>
      <title>{edge.events.join(', ')}</title>
      {lines.map((line, at) => (
        <text key={line} class={line === note ? 'note' : ''} x="4" y={first + 11.5 + at * leading}>
          {line}
        </text>
      ))}
    </g>
  )
}

export const Heads = () => (
  <defs>
    {['plain', 'taken', 'last', 'next'].map((look) => (
      <marker
        key={look}
        id={`head-${look}`}
        viewBox="0 0 10 10"
        refX="9"
        refY="5"
        markerUnits="userSpaceOnUse"
        markerWidth="9"
        markerHeight="9"
        orient="auto-start-reverse"
      >
        <path class={`head ${look}`} d="M0 .8 10 5 0 9.2z" />
      </marker>
    ))}
  </defs>
)
