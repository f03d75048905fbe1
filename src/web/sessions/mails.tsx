/** The mails of a session: a button for one, a list with their subjects for many. */
import { useState } from 'preact/hooks'
import type { Message } from '../../shapes/message.ts'
import type { Session } from '../../shapes/session.ts'
import { usePages } from '../api/ask.ts'
import { Foreign } from '../pieces/foreign.tsx'
import { counted, More, Problem, Time, Waiting } from '../pieces/pieces.tsx'

const pathOf = (message: string): string => `/mail/all/${message}`

type Chosen = { readonly session: string; readonly message: string | null }

const List = ({ session, message }: Chosen) => {
  const { items, error, more, isAsking, again } = usePages<Message>({
    ...{ path: ['messages'], asked: { session, limit: 100 }, key: ({ id }) => id },
  })
  if (error !== null) return <Problem error={error} again={again} />
  if (items === null) return <Waiting />
  return (
    <>
      <ol class="mails-of">
        {items.map(({ id, acceptedAt, subject, recipients }) => (
          <li key={id}>
            <a href={pathOf(id)} aria-current={id === message ? 'true' : undefined}>
              <Time at={acceptedAt} />
              <strong>
                <Foreign text={subject === null || subject === '' ? '(no subject)' : subject} />
              </strong>
              <span class="weak">
                to <Foreign text={recipients.join(', ')} />
              </span>
              {id === message && <span class="badge live">you came from it</span>}
            </a>
          </li>
        ))}
      </ol>
      <More {...{ more, isAsking }} />
    </>
  )
}

/** `message`: the one that somebody came from. */
export const SessionMails = ({
  session: { id, messages, accepted },
  message,
}: {
  readonly session: Session
  readonly message: string | null
}) => {
  const [isOpen, setOpen] = useState(false)
  const only = accepted === 1 ? (messages[0] ?? null) : message
  return (
    <>
      {only !== null && (
        <a class="button main" href={pathOf(only)}>
          The mail
        </a>
      )}
      {accepted > 1 && (
        <details
          class="menu"
          open={isOpen}
          onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
          onKeyDown={({ key }) => key === 'Escape' && setOpen(false)}
        >
          <summary class="button">{counted(accepted, 'mail')} of this session</summary>
          {isOpen && <List session={id} message={message} />}
        </details>
      )}
    </>
  )
}
