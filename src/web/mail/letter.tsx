/** The head of a mail: who it is from and for, as it says itself; and the envelope, which decides. */
import type { MessageDetails } from '../../shapes/message.ts'
import { useAccount } from '../api/who.ts'
import { Foreign } from '../pieces/foreign.tsx'
import { bytes, Time } from '../pieces/pieces.tsx'
import { allWritten } from './authors.ts'
import { type Mail, subjectOf } from './list.tsx'
import type { MessageParts } from './parts.ts'

const Row = ({ title, text }: { readonly title: string; readonly text: string }) =>
  text === '' ? null : (
    <div>
      <dt>{title}</dt>
      <dd>
        <Foreign text={text} />
      </dd>
    </div>
  )

type SaidProps = { readonly from: string | null; readonly parts: MessageParts | null }

const Said = ({ from, parts }: SaidProps) => {
  const { from: authors = [], replyTo = [], to = [], cc = [] } = parts ?? {}
  return (
    <>
      <Row title="From" text={allWritten(authors) || from || '(it does not say)'} />
      <Row title="Reply to" text={allWritten(replyTo)} />
      <Row title="To" text={allWritten(to)} />
      <Row title="Cc" text={allWritten(cc)} />
    </>
  )
}

type LetterProps = { readonly message: MessageDetails; readonly parts: MessageParts | null }

export const Letter = ({ message, parts }: LetterProps) => {
  const { from, sender, recipients, acceptedAt, size, session, deliveries, id, user } = message
  const account = useAccount()
  return (
    <header class="letter">
      <h2>
        <Foreign text={subjectOf(message)} />
      </h2>
      <dl class="facts">
        <Said {...{ from, parts }} />
        <div>
          <dt>Envelope</dt>
          <dd class="weak">
            <Foreign text={sender === '' ? '<>' : sender} /> → <Foreign text={recipients.join(', ')} />
          </dd>
        </div>
        <div>
          <dt>Accepted</dt>
          <dd>
            <Time at={acceptedAt} exact /> · {bytes(size)}
            {user !== null && ` · submitted by ${user}`}
          </dd>
        </div>
      </dl>
      <p class="actions">
        {session !== null && (account === null || account === user) && (
          <a class="button main" href={`/sessions/${session}?message=${id}`}>
            The session that brought it
          </a>
        )}
        {deliveries.map((delivery) => (
          <a key={delivery.id} class="button" href={`/deliveries/${delivery.id}`}>
            {delivery.status} · {delivery.nextHop}
          </a>
        ))}
      </p>
    </header>
  )
}

type SharedProps = { readonly parts: MessageParts; readonly filed: Mail | null }

/** Of a mail that others got as well: to whom else it went is for its sender. */
export const SharedLetter = ({ parts, filed }: SharedProps) => (
  <header class="letter">
    <h2>
      <Foreign
        text={subjectOf({ subject: parts.headers.find(({ name }) => name === 'subject')?.text ?? null })}
      />
    </h2>
    <dl class="facts">
      <Said from={filed?.from ?? null} parts={parts} />
      {filed !== null && (
        <div>
          <dt>Filed</dt>
          <dd>
            <Time at={filed.at} exact /> · {bytes(filed.size)}
          </dd>
        </div>
      )}
    </dl>
  </header>
)
