/** Who is told of what is recorded: how far, and what keeps it. */
import { useEffect, useState } from 'preact/hooks'
import type { WebhookState } from '../../shapes/webhook.ts'
import { useJson } from '../api/ask.ts'
import { send, urlOf, wordsOf } from '../api/client.ts'
import { useWho } from '../api/who.ts'
import { Dialog } from '../pieces/dialog.tsx'
import { Ago, Badge, counted, Problem, Time, type Tone } from '../pieces/pieces.tsx'

/** Milliseconds between two looks: what is not told yet is counted for each. */
const lookEvery = 3_000

const tones: Readonly<Record<WebhookState['state'], Tone>> = {
  new: 'weak',
  telling: 'good',
  waiting: 'warn',
  disabled: 'bad',
}

const Trouble = ({ state, attempts, failingSince, nextAttemptAt, error }: WebhookState) => {
  if (error === null) return null
  return (
    <>
      <span class="fault">{error}</span>{' '}
      {state === 'waiting' && (
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
      )}
    </>
  )
}

type Told = { readonly hook: WebhookState; readonly done: () => void }

/** Asks after which position it is told once more. */
const Again = ({ hook, done, close }: Told & { readonly close: () => void }) => {
  const [from, setFrom] = useState('0')
  const [fault, setFault] = useState<string | null>(null)
  const tell = (submitted: Event): void => {
    submitted.preventDefault()
    send('POST', urlOf(['webhooks', hook.id, 'replay']), { from: Number(from) }).then(
      () => {
        close()
        done()
      },
      (problem) => setFault(wordsOf(problem)),
    )
  }
  return (
    <Dialog title="Tell it again" close={close}>
      <form onSubmit={tell}>
        <p>
          <code>{hook.url}</code> is told what comes after this position, once more; or not told what is
          before it. 0 is everything.
        </p>
        <label>
          After position{' '}
          <input
            type="number"
            min="0"
            step="1"
            required
            value={from}
            onInput={({ currentTarget }) => setFrom(currentTarget.value)}
          />
        </label>
        {fault !== null && (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <p class="actions">
          <button type="submit" class="main">
            Tell it again
          </button>
        </p>
      </form>
    </Dialog>
  )
}

/** What whoever administers may do with it. */
const Doings = ({ hook, done }: Told) => {
  const [isAsking, setAsking] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const isStuck = hook.state === 'disabled' || hook.state === 'waiting'
  const enable = (): void => {
    send('POST', urlOf(['webhooks', hook.id, 'enable'])).then(done, (problem) => setFault(wordsOf(problem)))
  }
  return (
    <td class="over">
      {isStuck && (
        <button type="button" class="small" onClick={enable}>
          {hook.state === 'disabled' ? 'Enable' : 'Try now'}
        </button>
      )}{' '}
      <button type="button" class="small" onClick={() => setAsking(true)}>
        Tell again …
      </button>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {isAsking && <Again hook={hook} done={done} close={() => setAsking(false)} />}
    </td>
  )
}

const Row = ({ hook, done, mayMove }: Told & { readonly mayMove: boolean }) => {
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
      {mayMove && <Doings hook={hook} done={done} />}
    </tr>
  )
}

export const Webhooks = () => {
  const { value, error, again } = useJson<{ readonly items: readonly WebhookState[] }>(urlOf(['webhooks']))
  const caller = useWho()?.caller
  const mayMove = caller?.role === 'administer' && caller.account === null
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
              {mayMove && <th>From the log</th>}
            </tr>
          </thead>
          <tbody>
            {value?.items.map((hook) => (
              <Row key={hook.id} hook={hook} done={again} mayMove={mayMove} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
