/** The queue at a glance: by status with the age of the oldest, and by destination. */
import type { Delivery } from '../../shapes/delivery.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { concerns } from '../api/live.ts'
import { withQuery } from '../frame/router.ts'
import { lasting, Time } from '../pieces/pieces.tsx'

type Status = {
  readonly status: Delivery['status']
  readonly count: number
  readonly oldestAt: string | null
}
type Destination = {
  readonly name: string
  readonly active: number
  readonly attempts: number
  readonly delivered: number
  readonly deferred: number
  readonly failed: number
  readonly lastTriedAt: string | null
  readonly lastReply: string | null
  readonly lastFault: string | null
}
type List<Item> = { readonly items: readonly Item[] }

const here = (changes: Record<string, string>): string =>
  withQuery({ path: '/deliveries', query: new URLSearchParams() }, changes)

const Statuses = ({ items }: List<Status>) => (
  <ul class="glance">
    {items.map(({ status, count, oldestAt }) => (
      <li key={status}>
        <a href={here({ status })} class={count === 0 ? 'none' : status}>
          <strong>{count.toLocaleString('en')}</strong>
          <span>{status}</span>
          <span class="weak">
            {oldestAt === null || count === 0
              ? 'none waits'
              : `oldest ${lasting(Date.now() - Date.parse(oldestAt))}`}
          </span>
        </a>
      </li>
    ))}
  </ul>
)

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

/** Destinations shown. */
const most = 8

const Destinations = ({ items }: List<Destination>) => (
  <details class="card">
    <summary>
      Destinations <span class="weak">{items.length}, those tried last first</span>
    </summary>
    <table class="list">
      <thead>
        <tr>
          <th>Destination</th>
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

export const Queue = () => {
  const statuses = useJson<List<Status>>(urlOf(['queue']))
  const destinations = useJson<List<Destination>>(urlOf(['destinations']))
  useFresh(
    () => {
      statuses.again()
      destinations.again()
    },
    (batch) => concerns(batch, 'delivery'),
  )
  return (
    <section aria-label="The queue at a glance" class="queue">
      {statuses.value !== null && <Statuses items={statuses.value.items} />}
      {destinations.value !== null && destinations.value.items.length > 0 && (
        <Destinations items={destinations.value.items} />
      )}
    </section>
  )
}
