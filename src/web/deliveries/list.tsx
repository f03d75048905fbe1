/** All deliveries that fit, the newest first. */
import type { Delivery } from '../../shapes/delivery.ts'
import { deliveryStandings } from '../../shapes/words.ts'
import { deliveryWhy } from '../../telling/fates.ts'
import { useFresh, usePages } from '../api/ask.ts'
import { concerns } from '../api/live.ts'
import { useMayAct, useWho } from '../api/who.ts'
import { askedBy, type Field, Filters } from '../pieces/filters.tsx'
import { inTime, Past, pastIn } from '../pieces/past.tsx'
import { Ago, Badge, Empty, More, Problem, Time, type Tone, Waiting } from '../pieces/pieces.tsx'
import { SendingLines } from '../pieces/sending.tsx'
import { BulkButtons } from './acts.tsx'
import { Queue } from './queue.tsx'

const fields: readonly Field[] = [
  { name: 'status', title: 'Status', choices: deliveryStandings, first: true },
  { name: 'recipient', title: 'Recipient', hint: '*@example.net', first: true },
  { name: 'domain', title: 'Domain', hint: 'example.net', first: true },
  { name: 'sender', title: 'Sender', hint: '*@example.org' },
  { name: 'message', title: 'Message', hint: 'its id' },
  { name: 'since', title: 'Queued since', hint: '1h, 18:00, 2026-01-31' },
  { name: 'until', title: 'Queued until', hint: '10m, 18:00' },
]

export const statusTones: Readonly<Record<Delivery['status'], Tone>> = {
  ...{ queued: 'live', active: 'live', deferred: 'warn', held: 'warn' },
  ...{ delivered: 'good', failed: 'bad', expired: 'bad', cancelled: 'weak' },
}

/** Why it is not delivered, in words; nothing where it is, or nothing was tried yet. */
export const whyOf = (delivery: Delivery): string => {
  if (delivery.status === 'delivered' || delivery.reason === null) return ''
  return deliveryWhy(delivery)
}

type RowProps = { readonly delivery: Delivery; readonly asOf: string | null }

const Row = ({ delivery, asOf }: RowProps) => {
  const { id, queuedAt, status, recipients, nextHop, attempts, nextAttemptAt, lastReply, fault } = delivery
  const [first] = recipients
  const others = recipients.length - 1
  return (
    <tr>
      <td>
        <a class="whole" href={inTime(`/deliveries/${id}`, asOf)}>
          <Time at={queuedAt} />
        </a>
      </td>
      <td>
        <Badge tone={statusTones[status]}>{status}</Badge>
      </td>
      <td>
        {first?.address}
        {others > 0 && <span class="weak"> and {others} more</span>}
      </td>
      <td class="wide">{nextHop}</td>
      <td class="count">{attempts}</td>
      <td class="wide">
        {nextAttemptAt !== null && (asOf !== null ? <Time at={nextAttemptAt} /> : <Ago at={nextAttemptAt} />)}
      </td>
      <td class="why" title={whyOf(delivery)}>
        {status === 'delivered' ? lastReply : (fault ?? lastReply ?? whyOf(delivery))}
      </td>
    </tr>
  )
}

const Nothing = ({ isFiltered, isOne }: Record<'isFiltered' | 'isOne', boolean>) => {
  const isPlayground = useWho()?.required === false
  if (isFiltered)
    return (
      <Empty title="No delivery fits">
        <p>Take a filter away, or look further back.</p>
      </Empty>
    )
  return isOne ? (
    <Empty title="Nothing was sent to another host">
      <p>Mail you send elsewhere is listed here, with each attempt and what the other side said.</p>
    </Empty>
  ) : (
    <Empty title="Nothing is on its way to another host">
      <p>
        Mail for other hosts is queued, tried and tried again here; each attempt is kept with what the other
        side said.
        {isPlayground
          ? ' In the playground two made-up domains show how that looks:'
          : ' Accounts send such mail:'}
      </p>
      <SendingLines to={isPlayground ? ['a@deferred.test', 'b@bounced.test'] : ['somebody@example.net']} />
    </Empty>
  )
}

type TableProps = { readonly items: readonly Delivery[]; readonly asOf: string | null }

const Table = ({ items, asOf }: TableProps) => (
  <table class="list">
    <thead>
      <tr>
        <th>Queued</th>
        <th>Status</th>
        <th>Recipient</th>
        <th class="wide">Next hop</th>
        <th class="count">Attempts</th>
        <th class="wide">Next</th>
        <th>What was said last</th>
      </tr>
    </thead>
    <tbody>
      {items.map((delivery) => (
        <Row key={delivery.id} {...{ delivery, asOf }} />
      ))}
    </tbody>
  </table>
)

export const DeliveryList = ({ query }: { readonly query: URLSearchParams }) => {
  const who = useWho()
  const isOne = typeof who?.caller?.account === 'string'
  const mayActOnAll = useMayAct() && !isOne
  const filter = askedBy(fields, query)
  const asOf = pastIn(query)
  const asked = asOf === null ? filter : { ...filter, asOf }
  const { items, error, isAsking, more, again, upTo } = usePages<Delivery>({
    ...{ path: ['deliveries'], asked, key: ({ id }) => id },
  })
  // What was does not change any more.
  useFresh(upTo, (batch) => asOf === null && concerns(batch, 'delivery'))
  return (
    <>
      <header class="head">
        <h1>Deliveries</h1>
      </header>
      <Past query={query} what="the queue and its deliveries as they were" />
      {/* How much waits, and what is done to all of it, is for who sees everything. */}
      {who !== undefined && !isOne && <Queue asOf={asOf} />}
      <Filters fields={fields} query={query} />
      {error !== null && <Problem error={error} again={again} />}
      {asOf === null && mayActOnAll && (
        <BulkButtons filter={filter} isAny={(items?.length ?? 0) > 0} done={again} />
      )}
      {items === null ? (
        error === null && <Waiting />
      ) : items.length === 0 && more === null ? (
        <Nothing {...{ isOne }} isFiltered={Object.keys(asked).length > 0} />
      ) : (
        <Table items={items} asOf={asOf} />
      )}
      <More more={more} isAsking={isAsking} />
    </>
  )
}
