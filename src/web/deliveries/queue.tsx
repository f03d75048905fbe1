/** The queue at a glance: by status with the age of the oldest, and by destination. */
import type { Delivery } from '../../shapes/delivery.ts'
import type { Destination } from '../../shapes/destination.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { concerns } from '../api/live.ts'
import { withQuery } from '../frame/router.ts'
import { Ago, Badge, counted, lasting, Problem, Time } from '../pieces/pieces.tsx'

type Status = {
  readonly status: Delivery['status']
  readonly count: number
  readonly oldestAt: string | null
}
type Age = {
  /** Seconds. */
  readonly over: number
  readonly under: number | null
  readonly since: string | null
  readonly until: string | null
  readonly count: number
}
type Glance = {
  readonly asOf: string | null
  readonly items: readonly Status[]
  readonly uncounted: number
  /** The youngest first. */
  readonly ages: readonly Age[]
  readonly domains: readonly { readonly domain: string; readonly count: number; readonly oldestAt: string }[]
  readonly domainCount: number
}
type List<Item> = { readonly items: readonly Item[] }

/** The list with this filter and no other, of the same time. */
const listOf = (asOf: string | null, changes: Record<string, string | null>): string =>
  withQuery({ path: '/deliveries', query: new URLSearchParams() }, { ...changes, asOf })
const here = (changes: Record<string, string>): string => listOf(null, changes)

/** How long something waited then, or waits now. */
const waited = (since: string, asOf: string | null): string =>
  lasting(Math.max(0, (asOf === null ? Date.now() : Date.parse(asOf)) - Date.parse(since)))

const Statuses = ({ asOf, items, uncounted }: Glance) => (
  <>
    <ul class="glance">
      {items.map(({ status, count, oldestAt }) => (
        <li key={status}>
          <a href={listOf(asOf, { status })} class={count === 0 ? 'none' : status}>
            <strong>{count.toLocaleString('en')}</strong>
            <span>{status}</span>
            <span class="weak">
              {oldestAt === null || count === 0 ? 'none waits' : `oldest ${waited(oldestAt, asOf)}`}
            </span>
          </a>
        </li>
      ))}
    </ul>
    {uncounted > 0 && (
      <p class="weak">
        {counted(uncounted, 'delivery', 'deliveries')} more waited then; in which status was not looked at.
      </p>
    )}
  </>
)

/** `under 5 min`, `1 h to 4 h`, `over 3 d`. */
const ageTitle = ({ over, under }: Age): string => {
  if (under === null) return `over ${roughly(over)}`
  return over === 0 ? `under ${roughly(under)}` : `${roughly(over)} to ${roughly(under)}`
}
const roughly = (seconds: number): string => {
  if (seconds < 3_600) return `${seconds / 60} min`
  return seconds < 86_400 ? `${seconds / 3_600} h` : `${seconds / 86_400} d`
}

/** How much of all, as a bar behind the words. */
const Share = ({ of, most }: { readonly of: number; readonly most: number }) => (
  <svg class="bar share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="live" x="0" y="0" width={(of / Math.max(1, most)) * 100} height="8" />
  </svg>
)

type Line = { readonly key: string; readonly href: string; readonly title: string; readonly count: number }
const Lines = ({
  title,
  lines,
}: {
  readonly title: string
  readonly lines: readonly (Line & { readonly rest?: string })[]
}) => {
  const most = Math.max(...lines.map(({ count }) => count))
  return (
    <section class="card lines">
      <h2>{title}</h2>
      <ul>
        {lines.map(({ key, href, title, count, rest }) => (
          <li key={key}>
            <a href={href}>{title}</a>
            <Share of={count} most={most} />
            <span class="count">{count.toLocaleString('en')}</span>
            {rest !== undefined && <span class="weak">{rest}</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}

const Waits = ({ glance }: { readonly glance: Glance }) => {
  const { asOf, ages, domains, domainCount } = glance
  if (domains.length === 0) return null
  const unfinished = { status: 'unfinished' }
  return (
    <div class="waits">
      <Lines
        title="Waiting since"
        lines={ages.map((age) => ({
          key: String(age.over),
          href: listOf(asOf, { ...unfinished, since: age.since, until: age.until }),
          ...{ title: ageTitle(age), count: age.count },
        }))}
      />
      <Lines
        title={domainCount > domains.length ? `Waiting for, of ${domainCount} domains` : 'Waiting for'}
        lines={domains.map(({ domain, count, oldestAt }) => ({
          ...{ key: domain, href: listOf(asOf, { ...unfinished, domain }), title: domain, count },
          rest: `oldest ${waited(oldestAt, asOf)}`,
        }))}
      />
    </div>
  )
}

/** Shares of what came of attempts. */
const Bar = ({ delivered, deferred, failed }: Destination) => {
  const all = Math.max(1, delivered + deferred + failed)
  const shares = [
    ['good', delivered],
    ['warn', deferred],
    ['bad', failed],
  ] as const
  let x = 0
  return (
    <svg
      class="bar"
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${delivered} delivered, ${deferred} deferred, ${failed} failed`}
    >
      {shares.map(([tone, count]) => {
        const begin = x
        x += (count / all) * 100
        return <rect key={tone} class={tone} x={begin} y="0" width={(count / all) * 100} height="8" />
      })}
    </svg>
  )
}

/** Whether it answers; of one that rests until when, and what is under way beside what may be. */
const Standing = ({ state, restingUntil, active, limit, failures }: Destination) => (
  <>
    {state === 'resting' ? (
      <Badge
        tone="bad"
        title={`${counted(failures, 'attempt')} in a row had no answer: left alone for a while`}
      >
        resting
      </Badge>
    ) : (
      state === 'failing' && <Badge tone="warn">failing</Badge>
    )}{' '}
    <span class="weak">
      {restingUntil === null ? (
        `${active} of ${limit} under way`
      ) : (
        <>
          tried again <Ago at={restingUntil} />
        </>
      )}
    </span>
  </>
)

/** Destinations shown. */
const most = 8

const Destinations = ({ items }: List<Destination>) => {
  const resting = items.filter(({ state }) => state === 'resting').length
  return (
    <details class="card">
      <summary>
        Destinations{' '}
        <span class="weak">
          {items.length}, those tried last first
          {resting > 0 && `; ${counted(resting, 'rests', 'rest')}`}
        </span>
      </summary>
      <table class="list">
        <thead>
          <tr>
            <th>Destination</th>
            <th>State</th>
            <th class="count">Attempts</th>
            <th>What came of them</th>
            <th>Tried last</th>
            <th>Its last words</th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, most).map((one) => (
            <tr key={one.name}>
              <td>
                <a class="whole" href={here({ domain: one.name })}>
                  {one.name}
                </a>
              </td>
              <td>
                <Standing {...one} />
              </td>
              <td class="count">{one.attempts}</td>
              <td>
                <Bar {...one} />
              </td>
              <td>{one.lastTriedAt !== null && <Time at={one.lastTriedAt} />}</td>
              <td class="why">{one.lastFault ?? one.lastReply}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

export const Queue = ({ asOf }: { readonly asOf: string | null }) => {
  const glance = useJson<Glance>(urlOf(['queue'], { asOf }))
  const destinations = useJson<List<Destination>>(asOf === null ? urlOf(['destinations']) : null)
  useFresh(
    () => {
      glance.again()
      destinations.again()
    },
    (batch) => asOf === null && concerns(batch, 'delivery'),
  )
  return (
    <section aria-label="The queue at a glance" class="queue">
      {glance.error !== null && <Problem error={glance.error} again={glance.again} />}
      {glance.value !== null && (
        <>
          <Statuses {...glance.value} />
          <Waits glance={glance.value} />
        </>
      )}
      {destinations.value !== null && destinations.value.items.length > 0 && (
        <Destinations items={destinations.value.items} />
      )}
    </section>
  )
}
