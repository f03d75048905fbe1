/** The mailboxes: each appears when its first mail arrives. */
import { useState } from 'preact/hooks'
import type { Mailbox } from '../../shapes/mailbox.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { urlOf } from '../api/client.ts'
import { concerns } from '../api/live.ts'
import { pathOf } from '../frame/router.ts'
import { everything } from './mail.tsx'

/** More than this many are searched rather than scrolled. */
const many = 12

export type BoxesProps = {
  readonly box: string
  readonly isAll: boolean
  /** Null for now. */
  readonly asOf: string | null
}

export const Boxes = ({ box, isAll, asOf }: BoxesProps) => {
  const past = asOf === null ? '' : `?asOf=${encodeURIComponent(asOf)}`
  const { value, again } = useJson<{ readonly items: readonly Mailbox[] }>(urlOf(['mailboxes']))
  const [part, setPart] = useState('')
  useFresh(again, (batch) => concerns(batch, 'smtp_session', 'notice', 'mailbox_message'))
  const boxes = value?.items ?? []
  const shown = boxes.filter(({ mailbox }) => mailbox.includes(part.trim().toLowerCase()))
  return (
    <nav class="boxes" aria-label="Mailboxes">
      {boxes.length > many && (
        <input
          type="search"
          aria-label="Find a mailbox"
          placeholder="Find a mailbox"
          value={part}
          onInput={({ currentTarget }) => setPart(currentTarget.value)}
        />
      )}
      <ul>
        {isAll && (
          <li>
            <a
              href={`${pathOf('mail', everything)}${past}`}
              aria-current={box === everything ? 'true' : undefined}
            >
              <span>All mail</span>
            </a>
          </li>
        )}
        {shown.map(({ mailbox, messages }) => (
          <li key={mailbox}>
            <a href={`${pathOf('mail', mailbox)}${past}`} aria-current={box === mailbox ? 'true' : undefined}>
              <span>{mailbox}</span>
              {asOf === null && <span class="number">{messages}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
