/** One message: what it says, what stands behind it, and where it came from. */
import { useEffect, useRef } from 'preact/hooks'
import type { MessageDetails } from '../../shapes/message.ts'
import { useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { useKeys } from '../frame/keys.tsx'
import { ask, go } from '../frame/router.ts'
import { bytes, Problem, Tabs, Time, Waiting } from '../pieces/pieces.tsx'
import { allWritten } from './authors.ts'
import { Attachments, Headers, Raw, Said, Story } from './body.tsx'
import type { Choice } from './chosen.tsx'
import type { Draft } from './compose.tsx'
import type { Mail } from './list.tsx'
import { countOf, type MessageParts } from './parts.ts'
import { replyTo } from './reply.ts'
import { Verdicts } from './verdicts.tsx'

type Body = { readonly message: MessageDetails; readonly parts: MessageParts | null }

const Row = ({ title, text }: { readonly title: string; readonly text: string }) =>
  text === '' ? null : (
    <div>
      <dt>{title}</dt>
      <dd>{text}</dd>
    </div>
  )

/** Who it is from and for, as it says itself; and the envelope, which decides. */
const Head = ({ message, parts }: Body) => {
  const { subject, from, sender, recipients, acceptedAt, size, session, deliveries, id, user } = message
  const { from: authors = [], replyTo = [], to = [], cc = [] } = parts ?? {}
  return (
    <header class="letter">
      <h2>{subject === null || subject === '' ? '(no subject)' : subject}</h2>
      <dl class="facts">
        <Row title="From" text={allWritten(authors) || from || '(it does not say)'} />
        <Row title="Reply to" text={allWritten(replyTo)} />
        <Row title="To" text={allWritten(to)} />
        <Row title="Cc" text={allWritten(cc)} />
        <div>
          <dt>Envelope</dt>
          <dd class="weak">
            {sender === '' ? '<>' : sender} → {recipients.join(', ')}
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
      return <Story id={id} user={message.user} />
    default:
      return parts === null ? <Waiting /> : <Said parts={parts} />
  }
}

export type MessagePageProps = {
  readonly id: string
  readonly box: string
  /** As it lies in the mailbox; null where that is not known, or it is looked at among all mail. */
  readonly filed: Mail | null
  readonly query: URLSearchParams
  /** Where the list is. */
  readonly list: string
  readonly isPast: boolean
  /** Null where nothing may be done to it. */
  readonly choice: Choice | null
  /** Null where nobody may send. */
  readonly write: ((draft: Draft) => void) | null
}

/** Who opens a mail has seen it; who may not say so has seen it all the same. */
const useSeen = (filed: Mail | null, choice: Choice | null): void => {
  const key = filed === null || choice === null || filed.flags.includes('\\Seen') ? null : filed.key
  const told = useRef(false)
  useEffect(() => {
    if (key === null || told.current) return
    told.current = true
    void choice?.flag({ ids: [key] }, { add: ['\\Seen'] })
  }, [key])
}

const Acts = ({ choice, filed, list }: { choice: Choice; filed: Mail; list: string }) => {
  const isFlagged = filed.flags.includes('\\Flagged')
  const one = { ids: [filed.key] }
  return (
    <>
      <button
        type="button"
        aria-pressed={isFlagged}
        onClick={() => void choice.flag(one, isFlagged ? { remove: ['\\Flagged'] } : { add: ['\\Flagged'] })}
      >
        {isFlagged ? '★ Flagged' : '☆ Flag'}
      </button>
      <button
        type="button"
        onClick={() => {
          void choice.flag(one, { remove: ['\\Seen'] })
          go(list)
        }}
      >
        Unread
      </button>
      <button type="button" class="danger" onClick={() => choice.remove(one)}>
        Delete
      </button>
    </>
  )
}

export const MessagePage = (props: MessagePageProps) => {
  const { id, filed, query, list, isPast, choice, write } = props
  const { value: message, error, again } = useJson<MessageDetails>(urlOf(['messages', id]))
  const { value: parts, error: partsError } = useJson<MessageParts>(urlOf(['messages', id, 'parts']))
  useSeen(filed, choice)
  const reply = (): void => {
    if (parts !== null && message !== null)
      write?.({ ...replyTo(parts, message.sender), answering: message.recipients })
  }
  useKeys(write === null ? [] : [{ key: 'r', does: 'reply', run: reply }])
  if (error !== null && message === null) return <Problem error={error} again={again} />
  if (message === null) return <Waiting />
  const view = views.find((one) => one === query.get('view')) ?? 'said'
  const count = parts === null ? 0 : countOf(parts)
  return (
    <article class="message" aria-label="The mail">
      <p class="back">
        <a href={list}>← Back</a>
      </p>
      {isPast && (
        <p class="notice">
          The list is of the past. What the mail says, and what happened to it, is told as it is known now.
        </p>
      )}
      <Head {...{ message, parts }} />
      <Verdicts message={message} />
      <div class="bar">
        <Tabs
          label="Views of this mail"
          current={view}
          choose={(chosen) => ask({ view: chosen === 'said' ? null : chosen }, { replace: true })}
          tabs={[
            ['said', 'Mail'],
            ['headers', 'Headers'],
            ['attachments', count === 0 ? 'Parts' : `Parts (${count.toLocaleString('en')})`],
            ['raw', 'Raw'],
            ['story', 'What happened'],
          ]}
        />
        <p class="actions">
          <a class="button" href={urlOf(['messages', id, 'raw'])} download={`${id}.eml`}>
            Download
          </a>
          {write !== null && (
            <button type="button" onClick={reply} disabled={parts === null}>
              Reply
            </button>
          )}
          {choice !== null && filed !== null && <Acts {...{ choice, filed, list }} />}
        </p>
      </div>
      {partsError !== null && view !== 'raw' && view !== 'story' ? (
        <Problem error={partsError} />
      ) : (
        <View {...{ view, message, parts }} />
      )}
    </article>
  )
}
