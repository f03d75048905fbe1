/** The mailboxes: each appears when its first mail arrives. */
import { useRef, useState } from 'preact/hooks'
import type { Mailbox } from '../../shapes/mailbox.ts'
import { useFresh, usePages } from '../api/ask.ts'
import { concernsMail } from '../api/live.ts'
import { pathOf } from '../frame/router.ts'
import { everything } from './mail.tsx'

/** More than this many are searched rather than scrolled. */
const many = 12
/** Mailboxes to begin with; a server may have thousands. */
const inPage = 200

export type BoxesProps = {
  readonly box: string
  /** All mail there is, or what an account has sent. */
  readonly isAll: boolean
  /** Null for now. */
  readonly asOf: string | null
}

export const Boxes = ({ box, isAll, asOf }: BoxesProps) => {
  const past = asOf === null ? '' : `?asOf=${encodeURIComponent(asOf)}`
  const [part, setPart] = useState('')
  const { items, more, upTo } = usePages<Mailbox>({
    ...{ path: ['mailboxes'], asked: { search: part.trim(), limit: inPage }, key: ({ mailbox }) => mailbox },
  })
  useFresh(upTo, concernsMail)
  const shown = items ?? []
  // Who has begun to type goes on in the same field, whatever is found.
  const areMany = useRef(false)
  if (shown.length > many) areMany.current = true
  const all = (
    <li>
      <a href={`${pathOf('mail', everything)}${past}`} aria-current={box === everything ? 'true' : undefined}>
        <span>{isAll ? 'All mail' : 'Sent'}</span>
      </a>
    </li>
  )
  return (
    <nav class="boxes" aria-label="Mailboxes">
      {areMany.current && (
        <input
          type="search"
          aria-label="Find a mailbox"
          placeholder="Find a mailbox"
          value={part}
          onInput={({ currentTarget }) => setPart(currentTarget.value)}
        />
      )}
      <ul>
        {isAll && all}
        {shown.map(({ mailbox, messages }) => (
          <li key={mailbox}>
            <a href={`${pathOf('mail', mailbox)}${past}`} aria-current={box === mailbox ? 'true' : undefined}>
              <span>{mailbox}</span>
              {asOf === null && <span class="number">{messages}</span>}
            </a>
          </li>
        ))}
        {!isAll && all}
      </ul>
      {more !== null && (
        <button type="button" onClick={more}>
          More mailboxes
        </button>
      )}
    </nav>
  )
}
