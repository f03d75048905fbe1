/** The views of a message. What it says comes from strangers: text is text, and HTML stays in a frame that can do nothing. */
import { useState } from 'preact/hooks'
import { useJson, useText } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { useWho } from '../api/who.ts'
import { ask, useSpot } from '../frame/router.ts'
import { Foreign, plainly } from '../pieces/foreign.tsx'
import { bytes, counted, Problem, Time, Waiting } from '../pieces/pieces.tsx'
import { type MessageParts, strangersIn } from './parts.ts'

/** Attachments that are named with the text; the list of parts has all of them. */
const mostNamed = 20

type Attachment = MessageParts['attachments'][number]
/** What it is called; of what has no name, what it is. */
const titleOf = ({ name, type }: Attachment): string => plainly(name ?? '') || type
const fileOf = ({ name, part }: Attachment): string => plainly(name ?? '') || `part-${part}`

/** Pictures that stand within the text come with it. */
const isWithin = ({ contentId, disposition }: Attachment, html: string | null): boolean =>
  contentId !== null &&
  disposition !== 'attachment' &&
  (html ?? '').includes(`cid:${contentId.replace(/^<|>$/g, '')}`)

const Attached = ({ parts: { id, attachments, html } }: { readonly parts: MessageParts }) => {
  const all = attachments.filter((one) => !isWithin(one, html))
  if (all.length === 0) return null
  return (
    <ul class="attached" aria-label="Attachments">
      {all.slice(0, mostNamed).map((one) => (
        <li key={one.part}>
          <a
            class="button"
            href={urlOf(['messages', id, 'parts', one.part])}
            download={fileOf(one)}
            title={`Save it: ${one.type}`}
          >
            <span class="name">
              <Foreign text={titleOf(one)} />
            </span>{' '}
            <span class="weak">{bytes(one.size)}</span>
          </a>
        </li>
      ))}
      {all.length > mostNamed && (
        <li class="weak">
          and {(all.length - mostNamed).toLocaleString('en')} more:{' '}
          <button type="button" class="small" onClick={() => ask({ view: 'attachments' }, { replace: true })}>
            All parts
          </button>
        </li>
      )}
    </ul>
  )
}

const Html = ({ parts }: { readonly parts: MessageParts }) => {
  const [isRemote, setRemote] = useState(false)
  const hosts = strangersIn(parts.html ?? '')
  return (
    <>
      {hosts.length > 0 && !isRemote && (
        <p class="notice">
          <span>
            This mail wants to fetch from {counted(hosts.length, 'other host')} (
            {hosts.slice(0, 3).join(', ')}
            {hosts.length > 3 ? ' …' : ''}), which would tell its sender that it is read. Nothing was fetched.
          </span>
          <button type="button" onClick={() => setRemote(true)}>
            Fetch it
          </button>
        </p>
      )}
      <iframe
        key={String(isRemote)}
        class="html"
        title="What the mail says"
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerpolicy="no-referrer"
        src={urlOf(['messages', parts.id, 'html'], isRemote ? { remote: true } : {})}
      />
    </>
  )
}

export const Said = ({ parts }: { readonly parts: MessageParts }) => {
  const { query } = useSpot()
  const { html, text } = parts
  const isText = query.get('as') === 'text' || html === null
  return (
    <section class="said" aria-label="What it says">
      <Attached parts={parts} />
      {html !== null && text !== null && (
        <p class="switch">
          <button
            type="button"
            class={isText ? 'quiet' : 'chosen'}
            onClick={() => ask({ as: null }, { replace: true })}
          >
            HTML
          </button>
          <button
            type="button"
            class={isText ? 'chosen' : 'quiet'}
            onClick={() => ask({ as: 'text' }, { replace: true })}
          >
            Text
          </button>
        </p>
      )}
      {isText ? (
        text === null || text === '' ? (
          <p class="weak">It says nothing that can be shown; look at its parts, or at it raw.</p>
        ) : (
          <pre class="text" dir="auto">
            {text}
          </pre>
        )
      ) : (
        <Html parts={parts} />
      )}
      {parts.truncated && (
        <p class="weak">It has more, or longer, parts than are shown here; raw it is whole.</p>
      )}
    </section>
  )
}

export const Headers = ({ parts: { headers } }: { readonly parts: MessageParts }) => (
  <dl class="facts headers">
    {headers.map(({ name, text, value }, at) => (
      <div key={`${name} ${at}`}>
        <dt>
          <Foreign text={name} />
        </dt>
        <dd {...(text !== value && { title: plainly(value) })}>
          <Foreign text={text} />
        </dd>
      </div>
    ))}
  </dl>
)

export const Attachments = ({ parts: { id, attachments, text, html } }: { readonly parts: MessageParts }) => (
  <table class="list parts">
    <thead>
      <tr>
        <th>Part</th>
        <th>Name and type</th>
        <th class="count">Size</th>
        <th />
      </tr>
    </thead>
    <tbody>
      {text !== null && (
        <tr>
          <td>text</td>
          <td>text/plain</td>
          <td class="count">{bytes(text.length)}</td>
          <td class="act">
            <a href="?as=text">Show</a>
          </td>
        </tr>
      )}
      {html !== null && (
        <tr>
          <td>html</td>
          <td>text/html</td>
          <td class="count">{bytes(html.length)}</td>
          <td class="act">
            <a href="?">Show</a>
          </td>
        </tr>
      )}
      {attachments.map(({ part, type, name, size }) => (
        <tr key={part}>
          <td>{part}</td>
          <td>
            {name !== null && (
              <div>
                <Foreign text={name} />
              </div>
            )}
            <div class={name === null ? '' : 'weak'}>{type}</div>
          </td>
          <td class="count">{bytes(size)}</td>
          <td class="act">
            <a href={urlOf(['messages', id, 'parts', part])} download={name ?? `part-${part}`}>
              Save
            </a>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

/** Bytes that are shown; the rest is there to be downloaded. */
const mostShown = 512 * 1024

export const Raw = ({ id, size }: { readonly id: string; readonly size: number }) => {
  const { value, error } = useText(size <= 8 * mostShown ? urlOf(['messages', id, 'raw']) : null)
  if (size > 8 * mostShown) return <p class="weak">It has {bytes(size)}: download it to look at all of it.</p>
  if (error !== null) return <Problem error={error} />
  if (value === null) return <Waiting />
  return (
    <>
      <pre class="text raw">{value.slice(0, mostShown)}</pre>
      {value.length > mostShown && <p class="weak">The rest is in the download.</p>}
    </>
  )
}

type TraceLine = {
  readonly at: string
  readonly position: number
  readonly event: string
  readonly text: string
  readonly delivery?: string
}

type StoryProps = { readonly id: string; readonly user: string | null }

/** `user`: the account that submitted it; of the rest only administrators see the whole session. */
export const Story = ({ id, user }: StoryProps) => {
  const account = useWho()?.caller?.account ?? null
  const { value, error } = useJson<{ readonly items: readonly TraceLine[] }>(urlOf(['messages', id, 'trace']))
  if (error !== null) return <Problem error={error} />
  if (value === null) return <Waiting />
  return (
    <>
      <ol class="story">
        {value.items.map(({ at, position, text, event, delivery }, place) => (
          <li key={`${position} ${place}`}>
            <Time at={at} exact />
            <span title={event}>
              {text}
              {delivery !== undefined && (
                <>
                  {' '}
                  <a href={`/deliveries/${delivery}`}>delivery</a>
                </>
              )}
            </span>
          </li>
        ))}
      </ol>
      {(account === null || account === user) && (
        <p>
          <a class="button" href={urlOf(['messages', id, 'evidence'])} download={`${id}.ndjson`}>
            All of it as a history file
          </a>
        </p>
      )}
    </>
  )
}
