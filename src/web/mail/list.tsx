/** What is in a mailbox, the newest first; new mail appears by itself. */
import type { MailboxMessage } from '../../shapes/mailbox.ts'
import type { Message } from '../../shapes/message.ts'
import { type Pages, useFresh, usePages } from '../api/ask.ts'
import { concerns } from '../api/live.ts'
import { useSmtp } from '../api/who.ts'
import { pathOf } from '../frame/router.ts'
import { askedBy, type Field, Filters } from '../pieces/filters.tsx'
import { bytes, Empty, Line, More, Problem, Time, Waiting } from '../pieces/pieces.tsx'
import { everything } from './mail.tsx'

/** A row of the list, of whichever list it is. */
export type Mail = {
  readonly key: string
  readonly message: string
  readonly at: string
  readonly from: string | null
  readonly to: string
  readonly subject: string | null
  readonly size: number
  readonly flags: readonly string[]
}
export type Mails = Omit<Pages<unknown>, 'items'> & { readonly items: readonly Mail[] | null }

const ofAll: readonly Field[] = [
  { name: 'subject', title: 'Subject', hint: 'words', first: true },
  { name: 'sender', title: 'From', hint: '*@example.org' },
  { name: 'recipient', title: 'To', hint: 'you@*' },
  { name: 'since', title: 'Since', hint: '1h, 2026-01-31' },
  { name: 'until', title: 'Until', hint: '10min' },
]
const ofBox: readonly Field[] = [
  { name: 'asOf', title: 'As it was at', hint: '2026-01-31T08:30, 2h', first: true },
]
const fieldsOf = (box: string): readonly Field[] => (box === everything ? ofAll : ofBox)

type Either = Message | MailboxMessage
const isFiled = (one: Either): one is MailboxMessage => 'mailbox' in one

const mailOf = (one: Either): Mail =>
  isFiled(one)
    ? { ...one, key: one.id, at: one.filedAt, to: one.mailbox }
    : {
        ...{ key: one.id, message: one.id, at: one.acceptedAt, from: one.from ?? one.sender },
        ...{ to: one.recipients.join(', '), subject: one.subject, size: one.size, flags: ['\\Seen'] },
      }

export const useMails = (box: string, query: URLSearchParams): Mails => {
  const pages = usePages<Either>({
    path: box === everything ? ['messages'] : ['mailboxes', box, 'messages'],
    asked: askedBy(fieldsOf(box), query),
    key: ({ id }) => id,
  })
  useFresh(pages.again, (batch) => concerns(batch, 'smtp_session', 'notice', 'mailbox_message'))
  return { ...pages, items: pages.items?.map(mailOf) ?? null }
}

const Row = ({
  mail,
  box,
  isOpen,
}: {
  readonly mail: Mail
  readonly box: string
  readonly isOpen: boolean
}) => (
  <li>
    <a
      href={pathOf('mail', box, mail.message)}
      aria-current={isOpen ? 'true' : undefined}
      class={mail.flags.includes('\\Seen') ? '' : 'unseen'}
    >
      <span class="from">
        {mail.flags.includes('\\Flagged') && '★ '}
        {mail.from ?? '(nobody)'}
      </span>
      <span class="at">
        <Time at={mail.at} />
      </span>
      <span class="subject">
        {mail.subject === null || mail.subject === '' ? '(no subject)' : mail.subject}
      </span>
      <span class="size">{bytes(mail.size)}</span>
      {box === everything && <span class="to">to {mail.to}</span>}
    </a>
  </li>
)

const Nothing = ({ box, isFiltered }: { readonly box: string; readonly isFiltered: boolean }) => {
  const smtp = useSmtp()
  if (isFiltered)
    return (
      <Empty title="No mail fits">
        <p>Take a filter away, or look further back.</p>
      </Empty>
    )
  const to = box === everything ? 'you@example.org' : box.replace(/\/Junk$/, '')
  return (
    <Empty title="No mail yet">
      <p>
        Mail appears here the moment it is accepted, without a reload. From each mail one click leads to the
        session that brought it, step by step.
      </p>
      <p>Send one:</p>
      <Line text={`npx fsmtp send --to ${to} --subject Hello --text "It works"`} />
      <Line text={`swaks --server ${smtp} --to ${to} --header "Subject: Hello"`} />
      <Line text={`echo Hello | curl smtp://${smtp} --mail-from me@example.org --mail-rcpt ${to} -T -`} />
    </Empty>
  )
}

export type MailListProps = {
  readonly box: string
  readonly query: URLSearchParams
  readonly mails: Mails
  readonly message: string | null
}

export const MailList = ({ box, query, mails, message }: MailListProps) => {
  const fields = fieldsOf(box)
  const { items, error, more, isAsking, again } = mails
  return (
    <section class="mails" aria-label="Mails">
      <h1>{box === everything ? 'All mail' : box}</h1>
      <Filters fields={fields} query={query} />
      {error !== null && <Problem error={error} again={again} />}
      {items === null ? (
        error === null && <Waiting />
      ) : items.length === 0 ? (
        <Nothing box={box} isFiltered={Object.keys(askedBy(fields, query)).length > 0} />
      ) : (
        <ul class="rows">
          {items.map((mail) => (
            <Row key={mail.key} mail={mail} box={box} isOpen={mail.message === message} />
          ))}
        </ul>
      )}
      <More more={more} isAsking={isAsking} />
    </section>
  )
}
