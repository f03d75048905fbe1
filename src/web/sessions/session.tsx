/** One session: all of its steps, on the chart, in the transcript, in words. */
import { useState } from 'preact/hooks'
import type { Step } from '../../history/steps.ts'
import type { Session } from '../../shapes/session.ts'
import { whyText } from '../../telling/session-text.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { useSteps } from '../api/steps.ts'
import { Copy, lasting, Problem, Time, Waiting } from '../pieces/pieces.tsx'
import { History } from './history.tsx'
import { Outcome } from './list.tsx'
import { SessionMails } from './mails.tsx'

type Looked = { readonly session: Session; readonly message: string | null }

const Head = ({ session, message }: Looked) => {
  const { id, peer, helo, tls, user, tried, listener, openedAt, closedAt, rule, node } = session
  const why = whyText(session)
  return (
    <header class="head subject">
      <div>
        <p class="crumbs">
          <a href="/sessions">Sessions</a> / <code>{id}</code>
        </p>
        <h1>
          {peer.name ?? peer.address} <Outcome session={session} />
        </h1>
        {why !== '' && (
          <p class="why">
            {why} {rule !== null && <code>{rule}</code>}
          </p>
        )}
        <p class="weak">
          {peer.address}:{peer.port}
          {helo !== null && ` · said ${helo}`} · {listener}
          {user !== null && ` · as ${user}`}
          {tried !== null && ` · login as ${tried} failed`} ·{' '}
          {tls === null ? 'no TLS' : `${tls.version} ${tls.cipher}`} · <Time at={openedAt} />
          {closedAt !== null && `, ${lasting(Date.parse(closedAt) - Date.parse(openedAt))}`}
          {node !== null && ` · ${node}`}
        </p>
      </div>
      <div class="actions">
        <SessionMails {...{ session, message }} />
        <a class="button" href={urlOf(['sessions', id, 'history'])} download={`${id}.ndjson`}>
          History file
        </a>
        <Copy text={`npx fsmtp replay ${id}`} label="Copy replay command" />
      </div>
    </header>
  )
}

export type SessionPageProps = {
  readonly id: string
  /** Revision of the step to stand at. */
  readonly asked: string | null
  /** Or the message whose acceptance to stand at. */
  readonly message: string | null
}

/** The step that took a message in, as the address names it. */
const acceptance = (steps: readonly Step[], message: string | null): string | null => {
  const found = steps.find(({ event, facts }) => event === 'MessageAccepted' && facts.message === message)
  return found === undefined ? null : String(found.revision)
}

/** The refusal that decided what the session came to; null where it came to something else. */
const refusal = (steps: readonly Step[], { outcome, reason }: Session): string | null => {
  const found = outcome === 'refused' ? steps.findLast((step) => step.reason === reason) : undefined
  return found === undefined ? null : String(found.revision)
}

export const SessionPage = ({ id, asked, message }: SessionPageProps) => {
  const { value: session, error, again } = useJson<Session>(urlOf(['sessions', id]))
  const [turn, setTurn] = useState(0)
  const { steps, error: stepsError } = useSteps(['sessions', id, 'steps'], turn)
  useFresh(
    () => {
      again()
      setTurn((before) => before + 1)
    },
    ({ events }) =>
      session?.outcome === 'open' &&
      (events.length === 0 || events.some(({ stream }) => stream.endsWith(id))),
  )
  if (error !== null && session === null) return <Problem error={error} again={again} />
  if (session === null) return <Waiting />
  return (
    <>
      <Head {...{ session, message }} />
      {stepsError !== null && <Problem error={stepsError} />}
      {steps !== null ? (
        <History
          machine="session"
          steps={steps}
          asked={asked ?? acceptance(steps, message) ?? refusal(steps, session)}
          stream={`smtp_session-${id}`}
        />
      ) : (
        stepsError === null && <Waiting />
      )}
    </>
  )
}
