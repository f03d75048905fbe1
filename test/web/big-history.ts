/** Histories that hardly anybody has, as files. */
const line = (value: object): string => `${JSON.stringify(value)}\n`

/** Its last event came so many milliseconds after the one before. */
export const afterSilence = (text: string, silence: number): string => {
  const lines = text.trimEnd().split('\n')
  const [before, last] = lines.slice(-2).map((one) => JSON.parse(one) as { readonly at: string })
  const at = new Date(Date.parse(before!.at) + silence).toISOString()
  return `${lines.slice(0, -1).join('\n')}\n${line({ ...last, at })}`
}

/** A client that says NOOP for hours. `text`: of a history file of one session. */
export const longer = (text: string, steps: number): string => {
  const lines = text.trimEnd().split('\n')
  const events = lines.map((one) => JSON.parse(one) as Record<string, unknown>)
  const last = events.at(-1)!
  const begun = Number(last.revision)
  const more = Array.from({ length: steps }, (_, at) =>
    line({
      ...last,
      revision: begun + at,
      id: `00000000-0000-7000-8000-${String(at).padStart(12, '0')}`,
      type: 'CommandAnswered',
      data: { command: 'NOOP' },
      meta: {
        ...(last.meta as object),
        ...{ input: 'NOOP', from: 'identified', to: 'identified', dialogue: 'C: NOOP\nS: 250 2.0.0 Ok' },
      },
    }),
  )
  return `${lines.slice(0, -1).join('\n')}\n${more.join('')}`
}
