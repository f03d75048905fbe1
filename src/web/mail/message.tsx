/** One message: what it says, what stands behind it, and where it came from. */
import { useEffect, useState } from 'preact/hooks'
import type { MessageDetails } from '../../shapes/message.ts'
import { useJson } from '../api/ask.ts'
import { send, urlOf, wordsOf } from '../api/client.ts'
import { ask, go, pathOf } from '../frame/router.ts'
import { Dialog } from '../pieces/dialog.tsx'
import { bytes, Problem, Tabs, Time, Waiting } from '../pieces/pieces.tsx'
import { Attachments, Headers, Raw, Said, Story } from './body.tsx'
import type { Mail } from './list.tsx'
import { everything } from './mail.tsx'
import type { MessageParts } from './parts.ts'
import { Verdicts } from './verdicts.tsx'

type Body = { readonly message: MessageDetails; readonly parts: MessageParts | null }

const Head = ({ message }: { readonly message: MessageDetails }) => {
  const { subject, from, sender, recipients, acceptedAt, size, session, deliveries, id, user } = message
  return (
    <header class="letter">
      <h2>{subject === null || subject === '' ? '(no subject)' : subject}</h2>
      <dl class="facts">
        <div>
          <dt>From</dt>
          <dd>
            {from ?? '(nobody)'} <span class="weak">envelope {sender === '' ? '<>' : sender}</span>
          </dd>
        </div>
        <div>
          <dt>To</dt>
          <dd>{recipients.join(', ')}</dd>
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
        {session !== null && (
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

const views = ['said', 'headers', 'attachments', 'raw', 'story'] as const
type View = (typeof views)[number]

const View = ({ view, message, parts }: Body & { readonly view: View }) => {
  const { id } = message
  switch (view) {
    case 'headers':
      return parts === null ? <Waiting /> : <Headers parts={parts} />
    case 'attachments':
      return parts === null ? <Waiting /> : <Attachments parts={parts} />
    case 'raw':
      return <Raw id={id} size={message.size} />
    case 'story':
      return <Story id={id} />
    default:
      return parts === null ? <Waiting /> : <Said parts={parts} />
  }
}

const Deleting = ({
  id,
  box,
  close,
}: {
  readonly id: string
  readonly box: string
  readonly close: () => void
}) => {
  const [fault, setFault] = useState<string | null>(null)
  const remove = async (): Promise<void> => {
    try {
      await send('DELETE', urlOf(['mailboxes', box, 'messages', id]))
      close()
      go(pathOf('mail', box))
    } catch (error) {
      setFault(wordsOf(error))
    }
  }
  return (
    <Dialog title="Delete this mail?" close={close}>
      <p>It is taken out of {box}. What happened to it stays in the log.</p>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <p class="actions">
        <button type="button" onClick={close}>
          Keep it
        </button>
        <button type="button" class="danger" onClick={() => void remove()}>
          Delete
        </button>
      </p>
    </Dialog>
  )
}

export type MessagePageProps = {
  readonly id: string
  readonly box: string
  /** As it lies in the mailbox; null where that is not known, or it is looked at among all mail. */
  readonly filed: Mail | null
  readonly query: URLSearchParams
}

/** Who opens a mail has seen it; who may not say so has seen it all the same. */
const useSeen = (box: string, filed: Mail | null): void => {
  const key = filed === null || box === everything || filed.flags.includes('\\Seen') ? null : filed.key
  useEffect(() => {
    if (key !== null)
      send('PATCH', urlOf(['mailboxes', box, 'messages', key]), { add: ['\\Seen'] }).catch(() => {})
  }, [key])
}

const Flags = ({ box, filed }: { readonly box: string; readonly filed: Mail }) => {
  const isFlagged = filed.flags.includes('\\Flagged')
  const change = (body: object): void => {
    send('PATCH', urlOf(['mailboxes', box, 'messages', filed.key]), body).catch(() => {})
  }
  return (
    <>
      <button
        type="button"
        aria-pressed={isFlagged}
        onClick={() => change(isFlagged ? { remove: ['\\Flagged'] } : { add: ['\\Flagged'] })}
      >
        {isFlagged ? '★ Flagged' : '☆ Flag'}
      </button>
      <button
        type="button"
        onClick={() => {
          change({ remove: ['\\Seen'] })
          go(pathOf('mail', box))
        }}
      >
        Unread
      </button>
    </>
  )
}

export const MessagePage = ({ id, box, filed, query }: MessagePageProps) => {
  const { value: message, error, again } = useJson<MessageDetails>(urlOf(['messages', id]))
  const { value: parts, error: partsError } = useJson<MessageParts>(urlOf(['messages', id, 'parts']))
  const [isDeleting, setDeleting] = useState(false)
  useSeen(box, filed)
  if (error !== null && message === null) return <Problem error={error} again={again} />
  if (message === null) return <Waiting />
  const view = views.find((one) => one === query.get('view')) ?? 'said'
  const count = parts?.attachments.length ?? 0
  return (
    <article class="message" aria-label="The mail">
      <p class="back">
        <a href={pathOf('mail', box)}>← Back</a>
      </p>
      <Head message={message} />
      <Verdicts message={message} />
      <div class="bar">
        <Tabs
          label="Views of this mail"
          current={view}
          choose={(chosen) => ask({ view: chosen === 'said' ? null : chosen }, { replace: true })}
          tabs={[
            ['said', 'Mail'],
            ['headers', 'Headers'],
            ['attachments', count === 0 ? 'Parts' : `Parts (${count})`],
            ['raw', 'Raw'],
            ['story', 'What happened'],
          ]}
        />
        <p class="actions">
          <a class="button" href={urlOf(['messages', id, 'raw'])} download={`${id}.eml`}>
            Download
          </a>
          {box !== everything && filed !== null && <Flags box={box} filed={filed} />}
          {box !== everything && filed !== null && (
            <button type="button" class="danger" onClick={() => setDeleting(true)}>
              Delete
            </button>
          )}
        </p>
      </div>
      {partsError !== null && view !== 'raw' && view !== 'story' ? (
        <Problem error={partsError} />
      ) : (
        <View {...{ view, message, parts }} />
      )}
      {isDeleting && <Deleting id={filed?.key ?? id} box={box} close={() => setDeleting(false)} />}
    </article>
  )
}
