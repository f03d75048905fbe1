/** What was tried, when, and what the other side said: one under the other, as it went. */
import type { ActDone, Attempt, HostTried, Postponement } from '../../history/attempts.ts'
import { faultText, hostText, outcomeText } from '../../telling/attempt-text.ts'
import { deliveryReasonText } from '../../telling/delivery-reasons.ts'
import { Badge, counted, lasting, Time, type Tone } from '../pieces/pieces.tsx'

export type Told = Attempt | ActDone | Postponement

const tones: Readonly<Record<Attempt['result'], Tone>> = {
  ...{ delivered: 'good', deferred: 'warn', failed: 'bad', expired: 'bad', lost: 'bad', active: 'live' },
}
const done = {
  hold: 'held',
  release: 'released',
  retry: 'asked to be tried at once',
  cancel: 'cancelled',
} as const

const Host = ({ host, greeting, tls, reused, fault }: HostTried) => (
  <li>
    <strong>{host === null ? 'a host' : hostText(host)}</strong>{' '}
    {tls !== null ? (
      <Badge
        tone={tls.certificate === undefined || tls.certificate === 'valid' ? 'good' : 'warn'}
        title={tls.certificate}
      >
        {tls.version}
      </Badge>
    ) : (
      greeting !== null && <Badge tone="weak">in clear</Badge>
    )}{' '}
    {reused && <span class="weak">on a connection used before </span>}
    {greeting !== null && <code class="weak">{greeting}</code>}
    {fault !== null && <span class="fault"> passed over: {faultText(fault)}</span>}
  </li>
)

const AttemptItem = ({ attempt }: { readonly attempt: Attempt }) => {
  const {
    number,
    startedAt,
    endedAt,
    result,
    route,
    hosts,
    outcomes,
    fault,
    reason,
    nextAttemptAt,
    transcript,
    uncertain,
    node,
  } = attempt
  return (
    <li class={`attempt ${tones[result]}`}>
      <p class="when">
        <Time at={startedAt} exact />
        {endedAt !== null && (
          <span class="weak"> {lasting(Date.parse(endedAt) - Date.parse(startedAt))}</span>
        )}
      </p>
      <div class="what">
        <h2>
          Attempt {number} <Badge tone={tones[result]}>{result}</Badge>
        </h2>
        {reason !== null && <p>{deliveryReasonText(reason)}</p>}
        {fault !== null && <p class="fault">{faultText(fault)}</p>}
        {uncertain && (
          <p class="fault">It was cut between the final dot and its answer: the host may have the mail.</p>
        )}
        <ul class="hosts">
          {hosts.map((host) => (
            <Host key={`${host.at} ${host.host?.address}`} {...host} />
          ))}
        </ul>
        <ul>
          {outcomes.map((outcome) => (
            <li key={outcome.address}>
              <code>{outcomeText(outcome)}</code>
            </li>
          ))}
        </ul>
        {nextAttemptAt !== null && (
          <p class="weak">
            Next attempt <Time at={nextAttemptAt} />
          </p>
        )}
        {transcript.length > 0 && (
          <details>
            <summary>
              Transcript <span class="weak">{counted(transcript.length, 'line')}</span>
            </summary>
            <pre class="text">{transcript.join('\n')}</pre>
          </details>
        )}
        <p class="weak">
          {transcript.length === 0 && result !== 'active' && 'Nothing was said; '}
          {route !== null && `by ${route.kind}, `}on {node}
        </p>
      </div>
    </li>
  )
}

export const Timeline = ({ history }: { readonly history: readonly Told[] }) => (
  <ol class="timeline">
    {history.map((one, at) =>
      one.kind === 'attempt' ? (
        <AttemptItem key={`attempt ${one.number} ${one.startedAt}`} attempt={one} />
      ) : (
        <li key={`${one.kind} ${one.at} ${at}`} class="weak">
          <p class="when">
            <Time at={one.at} exact />
          </p>
          <p class="what">
            {one.kind === 'postponement' ? (
              <>
                Its turn was left out: the destination rests. Next <Time at={one.nextAttemptAt} />
              </>
            ) : (
              <>
                {one.refused === null
                  ? done[one.act]
                  : `${one.act} was refused: ${deliveryReasonText(one.refused)}`}{' '}
                by {one.by}
                {one.noted && ', for the end of the attempt'}
              </>
            )}
          </p>
        </li>
      ),
    )}
  </ol>
)
