/** Pictures of a few strokes; what they mean stands beside them, so they are silent. */
const strokes = {
  mail: 'M3 6h18v12H3zM3.5 6.5 12 13l8.5-6.5',
  sessions: 'M4 5h16v10H10l-4 4v-4H4zM8 9h8M8 11.8h5',
  deliveries: 'M3 12h11M10 7l5 5-5 5M18 5v14',
  machines:
    'M6 12a2.6 2.6 0 1 0 0-.1M17.5 6.5a2.6 2.6 0 1 0 .1 0M17.5 17.5a2.6 2.6 0 1 0 .1 0M8.5 11l6.5-3M8.5 13l6.5 3.5',
  log: 'M5 5h14M5 9.5h14M5 14h9M5 18.5h11',
  health: 'M3 12h4l2.5-6 4 12 2.5-6h5',
  replay: 'M5 12a7 7 0 1 0 2.2-5.1M5 4v4h4',
  logins: 'M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M5 20a7 7 0 0 1 14 0',
  leave: 'M10 4H5v16h5M10 12h10M16 8l4 4-4 4',
  find: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M15.5 15.5 20 20',
  theme: 'M12 4v16M12 4a8 8 0 0 1 0 16 8 8 0 0 1 0-16',
} as const
export type IconName = keyof typeof strokes

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={strokes[name]} />
  </svg>
)
