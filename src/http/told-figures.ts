/** Figures of those who are told what happens: webhooks, and the collector of traces. */
import type { Exported } from '../telemetry/index.ts'
import type { WebhookState } from '../webhooks/overview.ts'
import type { WebhookCounts } from '../webhooks/sender.ts'
import type { Counts, Measures, Reading } from './measures.ts'

export type Told = {
  /** How each webhook is, by the log: the same on every server. */
  readonly webhooks: () => Promise<readonly WebhookState[]>
  /** What this server sent. */
  readonly webhookCounts: () => readonly WebhookCounts[]
  /** Null where nobody is told. */
  readonly telemetry: () => Exported | null
}

export const seeTold = (measures: Measures, told: Told): void => {
  seeWebhooks(measures, told)
  seeTelemetry(measures, told)
}

const seeWebhooks = (measures: Measures, { webhooks, webhookCounts }: Told): void => {
  const ofEach = (value: (state: WebhookState) => number) => async (): Promise<readonly Reading[]> =>
    (await webhooks()).map((state) => [{ webhook: state.id }, value(state)])
  measures.gauge(
    ...['webhook_behind_events', 'Events that a webhook is not told yet, up to 10,001.', ['webhook']],
    ofEach(({ behind, behindIsMore }) => behind + Number(behindIsMore)),
  )
  measures.gauge(
    ...[
      'webhook_oldest_unsent_seconds',
      'Age of the first event that a webhook is not told yet, else 0.',
      ['webhook'],
    ],
    ofEach(({ oldestUnsentAt }) =>
      oldestUnsentAt === null ? 0 : Math.max(0, (Date.now() - Date.parse(oldestUnsentAt)) / 1000),
    ),
  )
  measures.gauge(
    ...['webhook_disabled', '1 where the receiver wants no more.', ['webhook']],
    ofEach(({ state }) => Number(state === 'disabled')),
  )
  measures.counter(
    ...[
      'webhook_attempts',
      'Events sent to a webhook by this server, by what came of it.',
      ['webhook', 'result'],
    ],
    counted(() =>
      webhookCounts().flatMap(({ id, taken, refused }) => [
        [[id, 'taken'], taken] as const,
        [[id, 'refused'], refused] as const,
      ]),
    ),
  )
}

const seeTelemetry = (measures: Measures, { telemetry }: Told): void => {
  measures.counter(
    ...['telemetry_spans', 'Spans, by what the collector made of them.', ['result']],
    counted(() => {
      const found = telemetry()
      if (found === null) return []
      return (['exported', 'refused', 'dropped'] as const).map((result) => [[result], found[result]] as const)
    }),
  )
  measures.counter(
    ...['telemetry_failures', 'Requests to the collector that failed, by how.', ['error']],
    counted(() => [...(telemetry()?.failures ?? [])].map(([error, count]) => [[error], count] as const)),
  )
  measures.gauge('telemetry_spans_waiting', 'Spans that wait for the collector.', [], () => {
    const found = telemetry()
    return found === null ? [] : [[{}, found.waiting]]
  })
}

const counted = (entries: Counts['entries']): Counts => ({ entries })
