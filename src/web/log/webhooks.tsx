/** Who is told of what is recorded: how far, and what keeps it. */
import { useEffect } from 'preact/hooks'
import type { WebhookState } from '../../webhooks/overview.ts'
import { useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { Ago, Badge, counted, Problem, Time, type Tone } from '../pieces/pieces.tsx'

/** Milliseconds between two looks: what is not told yet is counted for each. */
const lookEvery = 3_000

const tones: Readonly<Record<WebhookState['state'], Tone>> = {
  new: 'weak',
  telling: 'good',
  waiting: 'warn',
  disabled: 'bad',
}

const Trouble = ({ attempts, failingSince, nextAttemptAt, error }: WebhookState) => {
  if (attempts === 0 && error === null) return null
  return (
    <>
      {error !== null && <span class="fault">{error}</span>}{' '}
      <span class="weak">
        {counted(attempts, 'failure')} in a row
        {failingSince !== null && (
          <>
            , since <Time at={failingSince} />
          </>
        )}
        {nextAttemptAt !== null && (
          <>
            , tried again <Ago at={nextAttemptAt} />
          </>
        )}
      </span>
    </>
  )
}

const Row = ({ hook }: { readonly hook: WebhookState }) => {
  const { url, events, state, position, behind, behindIsMore, node } = hook
  return (
    <tr>
      <td>
        <code>{url}</code>
        <br />
        <span class="weak">{events.join(', ')}</span>
      </td>
      <td>
        <Badge tone={tones[state]} {...(node !== null && { title: `told by ${node}` })}>
          {state}
        </Badge>
      </td>
      <td class="count">{position?.toLocaleString('en')}</td>
      <td class="count">
        {behindIsMore && 'over '}
        {behind.toLocaleString('en')}
      </td>
      <td>
        <Trouble {...hook} />
      </td>
    </tr>
  )
}

export const Webhooks = () => {
  const { value, error, again } = useJson<{ readonly items: readonly WebhookState[] }>(urlOf(['webhooks']))
  useEffect(() => {
    const timer = setInterval(again, lookEvery)
    return () => clearInterval(timer)
  }, [again])
  if (error !== null && value === null) return <Problem error={error} again={again} />
  return (
    <section aria-label="Webhooks">
      <h2>Webhooks</h2>
      {value?.items.length === 0 ? (
        <p class="weak">
          Nobody is told: <code>webhooks</code> in the configuration is empty. A receiver gets each event it
          asks for, in order, signed, until it takes it.
        </p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th>Receiver and events</th>
              <th>State</th>
              <th class="count">Told up to</th>
              <th class="count">Behind</th>
              <th>Trouble</th>
            </tr>
          </thead>
          <tbody>
            {value?.items.map((hook) => (
              <Row key={hook.id} hook={hook} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
