/** One delivery: its attempts as a timeline, or each step on the machine's chart. */
import { useState } from 'preact/hooks'
import type { Delivery, Notice } from '../../shapes/delivery.ts'
import { noticeWords } from '../../telling/delivery-reasons.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { useSteps } from '../api/steps.ts'
import { ask } from '../frame/router.ts'
import { inTime, pastIn } from '../pieces/past.tsx'
import { Ago, Badge, Problem, Tabs, Time, Waiting } from '../pieces/pieces.tsx'
import { History } from '../sessions/history.tsx'
import { ActButtons } from './acts.tsx'
import { Timeline, type Told } from './attempts.tsx'
import { statusTones, whyOf } from './list.tsx'

type DeliveryDetails = Delivery & { readonly history: readonly Told[]; readonly notices: readonly Notice[] }

type HeadProps = {
  readonly delivery: DeliveryDetails
  readonly again: () => void
  /** Of the list that leads here; null for now. */
  readonly asOf: string | null
}

const Head = ({ delivery, again, asOf }: HeadProps) => {
  const { id, message, sender, nextHop, status, attempts, queuedAt, nextAttemptAt, noted, forwarder } =
    delivery
  const why = whyOf(delivery)
  return (
    <header class="head subject">
      <div>
        <p class="crumbs">
          <a href={inTime('/deliveries', asOf)}>Deliveries</a> / <code>{id}</code>
        </p>
        <h1>
          To {nextHop} <Badge tone={statusTones[status]}>{status}</Badge>
        </h1>
        {why !== '' && <p class="why">{why}</p>}
        <p class="weak">
          from {sender === '' ? '<>' : sender}
          {forwarder !== null && ` for ${forwarder}`} · queued <Time at={queuedAt} /> ·{' '}
          {attempts === 1 ? '1 attempt' : `${attempts} attempts`}
          {nextAttemptAt !== null && (
            <>
              {' '}
              · next <Ago at={nextAttemptAt} />
            </>
          )}
          {noted !== null && ` · ${noted} when the attempt ends`}
        </p>
      </div>
      <div class="actions">
        <a class="button main" href={`/mail/all/${message}`}>
          The mail
        </a>
        <a class="button" href={urlOf(['deliveries', id, 'history'])} download={`${id}.ndjson`}>
          History file
        </a>
        {asOf === null && <ActButtons delivery={delivery} done={again} />}
      </div>
    </header>
  )
}

const Recipients = ({ recipients }: Pick<Delivery, 'recipients'>) => (
  <table class="list">
    <thead>
      <tr>
        <th>Recipient</th>
        <th>Status</th>
        <th>Last words about it</th>
      </tr>
    </thead>
    <tbody>
      {recipients.map(({ address, status, reply }) => (
        <tr key={address}>
          <td>{address}</td>
          <td>
            <Badge tone={statusTones[status]}>{status}</Badge>
          </td>
          <td>{reply !== null && <code>{reply}</code>}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

const Notices = ({ notices }: Pick<DeliveryDetails, 'notices'>) =>
  notices.length === 0 ? null : (
    <p>
      The sender was sent{' '}
      {notices.map(({ kind, message }, at) => (
        <span key={`${kind} ${message}`}>
          {at > 0 && ', '}
          {message === null ? (
            `no notice of ${noticeWords[kind]}`
          ) : (
            <a href={`/mail/all/${message}`}>a notice of {noticeWords[kind]}</a>
          )}
        </span>
      ))}
      .
    </p>
  )

const Steps = ({
  id,
  turn,
  asked,
}: {
  readonly id: string
  readonly turn: number
  readonly asked: string | null
}) => {
  const { steps, error } = useSteps(['deliveries', id, 'steps'], turn)
  if (steps !== null) return <History machine="delivery" stream={`delivery-${id}`} {...{ steps, asked }} />
  return error === null ? <Waiting /> : <Problem error={error} />
}

export const DeliveryPage = ({ id, query }: { readonly id: string; readonly query: URLSearchParams }) => {
  const { value: delivery, error, again } = useJson<DeliveryDetails>(urlOf(['deliveries', id]))
  const [turn, setTurn] = useState(0)
  useFresh(
    () => {
      again()
      setTurn((before) => before + 1)
    },
    ({ events }) => events.some(({ stream }) => stream === `delivery-${id}`),
  )
  if (error !== null && delivery === null) return <Problem error={error} again={again} />
  if (delivery === null) return <Waiting />
  const asOf = pastIn(query)
  const isSteps = query.get('view') === 'steps' || query.has('step')
  return (
    <>
      <Head {...{ delivery, again, asOf }} />
      {asOf !== null && (
        <p class="notice">
          The list is of the past. What happened to the delivery is told as it is known now.
        </p>
      )}
      <Tabs
        label="Views of this delivery"
        current={isSteps ? 'steps' : 'attempts'}
        choose={(chosen) => ask({ view: chosen === 'steps' ? 'steps' : null, step: null }, { replace: true })}
        tabs={[
          ['attempts', 'Attempts'],
          ['steps', 'Step by step'],
        ]}
      />
      {isSteps ? (
        <Steps id={id} turn={turn} asked={query.get('step')} />
      ) : (
        <>
          <Recipients recipients={delivery.recipients} />
          <Notices notices={delivery.notices} />
          {delivery.history.length === 0 ? (
            <p class="weak">Nothing was tried yet.</p>
          ) : (
            <Timeline history={delivery.history} />
          )}
        </>
      )}
    </>
  )
}
