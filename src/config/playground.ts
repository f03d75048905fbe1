/** What holds without a configuration file, or with `playground: true`: everything on loopback, every address local. */

const loopback = (service: string, port: number) => ({ service, address: '127.0.0.1', port })

/** In the words of the file, so that it goes through the same checks. */
export const playgroundDefaults = {
  playground: true,
  hostname: 'localhost',
  listeners: [
    loopback('mx', 2525),
    loopback('submission', 2587),
    loopback('submissions', 2465),
    loopback('http', 8025),
  ],
}

const repairing = { mx: 'repair' }
/** All clients of a playground have the same address. */
const crowded = { sessionsPerAddress: 2000, sending: { messages: 1_000_000, recipients: 1_000_000 } }

/** Deferrals, warnings and the end of patience are seen within minutes; a failure is seen as often as it is asked for. */
const impatient = { suppress: { for: '0s' }, retry: ['15s', '30s', '1m'], warnAfter: '1m', giveUpAfter: '5m' }

/** What is no section goes on as it is, to be refused by the checks. */
const withDefaults = (defaults: object, given: unknown = {}): unknown =>
  typeof given === 'object' ? { ...defaults, ...given } : given

/** The values of a file, with the playground's defaults below them if it asks for the playground. */
export const withPlayground = (raw: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  if (raw.playground !== true) return { ...raw }
  const bareNewlines = withDefaults(repairing, raw.bareNewlines)
  return {
    ...playgroundDefaults,
    ...raw,
    bareNewlines,
    limits: withDefaults(crowded, raw.limits),
    delivery: withDefaults(impatient, raw.delivery),
  }
}
