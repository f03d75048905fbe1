/**
 * The figures of `/metrics`, in Prometheus' text format. What happens is counted as it goes to the log (`facts.ts`, `appends.ts`);
 * how things are is read when somebody asks.
 */
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Verdict } from '../authentication/login.ts'
import type { QueueStatus } from '../views/answers/queue.ts'
import type { ViewStatus } from '../views/answers/status.ts'
import { Appends } from './appends.ts'
import { Facts } from './facts.ts'
import type { House } from './house.ts'
import { Measures, type Reading } from './measures.ts'
import { type Check, type Checked, checked } from './readiness.ts'
import { Tally } from './tally.ts'
import { seeTold } from './told-figures.ts'

export type FiguresOptions = { readonly version: string }

/** How things are, for those figures that are read and not counted. */
export type Seen = {
  readonly house: House
  readonly views: () => Promise<readonly ViewStatus[]>
  readonly queue: () => Promise<readonly QueueStatus[]>
  readonly webhooks: House['webhooks']
  readonly checks: () => Promise<Readonly<Record<Checked, Check>>>
}

/** As facts have it. */
const loginResults = {
  ok: 'accepted',
  'bad-credentials': 'bad-credentials',
  throttled: 'login-throttled',
} as const

/** Seconds: an fsync of a good disk takes a fifth of a millisecond, a client gives up after minutes. */
const appendBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Milliseconds between two looks at the event loop. */
const eventLoopMonitoringPrecision = 20

export class Figures {
  readonly #registry = new Registry()
  readonly #measures = new Measures(this.#registry)
  readonly #facts = new Facts()
  readonly contentFailures = new Tally()
  /** Questions to DNS: kind of record, result, from where. */
  readonly dnsQuestions = new Tally()
  readonly appends: Appends

  constructor({ version }: FiguresOptions) {
    const registers = [this.#registry]
    const failures = new Tally()
    const took = new Histogram({
      name: 'fsmtp_log_append_seconds',
      help: 'How long appends took until they were on stable storage.',
      buckets: appendBuckets,
      registers,
    })
    this.appends = new Appends({ took, failures, facts: this.#facts })
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision })
    this.#measures.gauge('build_info', 'What runs here.', ['version', 'node_version'], () => [
      [{ version, node_version: process.version }, 1],
    ])
    this.#measures.gauge('log_appends_in_flight', 'Appends handed to the log and not answered.', [], () => [
      [{}, this.appends.inFlight],
    ])
    this.#measures.counter(
      'log_append_failures',
      'Appends that failed, by the kind of error.',
      ['error'],
      failures,
    )
    this.#measures.counter(
      ...['content_failures', 'What the store of large messages failed at, by the kind of error.'],
      ...[['error'], this.contentFailures],
    )
    this.#count()
  }

  /** Adds what is read from the house. Once, before anybody asks. */
  see({ house, views, queue, checks, webhooks }: Seen): void {
    seeTold(this.#measures, { ...house, webhooks })
    this.#measures.gauge(
      'log_waiting_bytes',
      'Bytes handed to the log and not yet on stable storage.',
      [],
      () => [[{}, house.log.waiting]],
    )
    this.#measures.gauge('sessions', 'Live sessions.', ['service'], () => sums(house.sessions()))
    this.#measures.gauge('view_lag_events', 'Events that a view is behind the log.', ['view'], async () => {
      const spacing = house.log.spacing ?? 1
      return (await views()).map(({ name, lag }) => [{ view: name }, Math.round(lag / spacing)])
    })
    this.#measures.gauge(
      'view_stopped',
      '1 where a view has stopped at an event it cannot fold.',
      ['view'],
      async () => (await views()).map(({ name, state }) => [{ view: name }, state === 'stopped' ? 1 : 0]),
    )
    this.#measures.gauge(
      'dnsbl_believed',
      '1 where a DNS list passed its test, 0 where it is set aside or has not answered yet.',
      ['zone'],
      () => (house.lists?.() ?? []).map(({ zone, state }) => [{ zone }, state === 'believed' ? 1 : 0]),
    )
    this.#measures.gauge('check_ok', 'What /readyz says: 1 where all is well.', ['check'], async () => {
      const found = await checks()
      return checked.map((check) => [{ check }, found[check].ok ? 1 : 0])
    })
    this.#measures.gauge('deliveries_active', 'Attempts to deliver that are under way.', [], () =>
      house.deliveries() === null ? [] : [[{}, house.deliveries()?.active ?? 0]],
    )
    this.#measures.gauge('deliveries_waiting', 'Deliveries that are due, and wait for their turn.', [], () =>
      house.deliveries() === null ? [] : [[{}, house.deliveries()?.waiting ?? 0]],
    )
    this.#measures.gauge('destinations_resting', 'Destinations that failed again and again.', [], () =>
      house.deliveries() === null ? [] : [[{}, house.deliveries()?.resting ?? 0]],
    )
    this.#measures.gauge('deliveries', 'Deliveries that are not over, by status.', ['status'], async () =>
      (await queue()).map(({ status, count }) => [{ status }, count]),
    )
    this.#measures.gauge(
      ...['delivery_oldest_seconds', 'Age of the oldest delivery of a status that is not over.', ['status']],
      async () =>
        (await queue()).flatMap(({ status, oldestAt }) =>
          oldestAt === null ? [] : [[{ status }, Math.max(0, (Date.now() - oldestAt) / 1000)]],
        ),
    )
  }

  /** A login over HTTP; of those over SMTP the log tells. */
  loggedIn(verdict: Verdict['verdict']): void {
    this.#facts.logins.add(`http ${loginResults[verdict]}`)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  async text(): Promise<string> {
    // The library's own word for what is no number is none of the format's.
    return (await this.#registry.metrics()).replace(/ Nan$/gm, ' NaN')
  }

  #count(): void {
    const facts = this.#facts
    this.#measures.counter('sessions_opened', 'Sessions that were let in.', ['service'], facts.opened)
    this.#measures.counter(
      'sessions_turned_away',
      'Sessions refused at the door.',
      ['reason'],
      facts.turnedAway,
    )
    this.#measures.counter('sessions_closed', 'Sessions that ended.', ['reason'], facts.closed)
    this.#measures.counter(
      ...[
        'messages_accepted',
        'Messages taken from clients, and notices of our own.',
        ['origin'],
        facts.accepted,
      ],
    )
    this.#measures.counter(
      'recipients_accepted',
      'Recipients of accepted messages, in mailboxes here or elsewhere.',
      ['origin', 'destination'],
      facts.recipients,
    )
    this.#measures.counter('logins', 'Logins, by what came of them.', ['over', 'result'], facts.logins)
    this.#measures.counter('message_bytes', 'Bytes of accepted messages.', ['origin'], facts.bytes)
    this.#measures.counter('refusals', 'What was refused, and why.', ['what', 'reason'], facts.refused)
    this.#measures.counter(
      ...[
        'dns_questions',
        'Questions to DNS, by what came of them.',
        ['type', 'result', 'from'],
        this.dnsQuestions,
      ],
    )
    this.#measures.counter('deliveries_queued', 'Deliveries that were begun.', [], facts.queued)
    this.#measures.counter(
      'deliveries_finished',
      'Deliveries that are over, by what became of them and the way they went last (none: no way is known).',
      ['status', 'route'],
      facts.finished,
    )
    this.#measures.counter(
      'delivery_attempts',
      'What attempts to deliver came to, by the way they went (none: no way was found).',
      ['result', 'route'],
      facts.attempts,
    )
  }
}

/** Two listeners of one service count together. */
const sums = (listeners: ReturnType<House['sessions']>): readonly Reading[] => {
  const totals = new Map<string, number>()
  for (const { service, live } of listeners) totals.set(service, (totals.get(service) ?? 0) + live)
  return [...totals].map(([service, live]) => [{ service }, live])
}
