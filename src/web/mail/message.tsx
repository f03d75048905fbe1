/** One message: what it says, what stands behind it, and where it came from. */
import { useEffect, useRef } from 'preact/hooks'
import type { MessageDetails } from '../../shapes/message.ts'
import { useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { useKeys } from '../frame/keys.tsx'
import { ask, go } from '../frame/router.ts'
import { Problem, Tabs, Waiting } from '../pieces/pieces.tsx'
import { Attachments, Headers, Raw, Said, Story } from './body.tsx'
import type { Choice } from './chosen.tsx'
import type { Draft } from './compose.tsx'
import { Letter, SharedLetter } from './letter.tsx'
import type { Mail } from './list.tsx'
import { countOf, type MessageParts } from './parts.ts'
import { replyTo } from './reply.ts'
import { Verdicts } from './verdicts.tsx'

const views = ['said', 'headers', 'attachments', 'raw', 'story'] as const
type View = (typeof views)[number]

type ViewProps = {
  readonly view: View
  readonly id: string
  readonly size: number
  /** The account that submitted it, where that is known. */
  readonly user: string | null
  readonly parts: MessageParts | null
}

const View = ({ view, id, size, user, parts }: ViewProps) => {
  if (view === 'raw') return <Raw {...{ id, size }} />
  if (view === 'story') return <Story {...{ id, user }} />
  if (parts === null) return <Waiting />
  if (view === 'headers') return <Headers parts={parts} />
  return view === 'attachments' ? <Attachments parts={parts} /> : <Said parts={parts} />
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
          go(list, { keep: true })
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
  const { id, box, filed, query, list, isPast, choice, write } = props
  const { value: message, error, again } = useJson<MessageDetails>(urlOf(['messages', id]))
  const { value: parts, error: partsError } = useJson<MessageParts>(urlOf(['messages', id, 'parts']))
  useSeen(filed, choice)
  const reply = (): void => {
    if (parts === null) return
    const { sender, recipients } = message ?? { sender: filed?.sender ?? '', recipients: [box] }
    write?.({ ...replyTo(parts, sender), answering: recipients })
  }
  useKeys(write === null ? [] : [{ key: 'r', does: 'reply', run: reply }])
  // Who got it together with others reads it, and is not told of them.
  const isShared = message === null && error?.status === 404 && partsError === null
  if (error !== null && message === null && !isShared) return <Problem error={error} again={again} />
  if (message === null && (!isShared || parts === null)) return <Waiting />
  const asked = views.find((one) => one === query.get('view')) ?? 'said'
  const view = message === null && asked === 'story' ? 'said' : asked
  const count = parts === null ? 0 : countOf(parts)
  return (
    <article class="message" aria-label="The mail">
      <p class="back">
        <a href={list} data-keep>
          ← Back
        </a>
      </p>
      {isPast && (
        <p class="notice">
          The list is of the past. What the mail says, and what happened to it, is told as it is known now.
        </p>
      )}
      {message !== null ? (
        <Letter {...{ message, parts }} />
      ) : (
        parts && <SharedLetter {...{ parts, filed }} />
      )}
      {message !== null && <Verdicts message={message} />}
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
            ...(message === null ? [] : [['story', 'What happened'] as const]),
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
        <View
          {...{ view, id, parts }}
          size={message?.size ?? filed?.size ?? 0}
          user={message?.user ?? null}
        />
      )}
    </article>
  )
}
