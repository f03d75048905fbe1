/** What is in a mailbox, the newest first; new mail appears by itself. */
import type { MailboxMessage } from '../../shapes/mailbox.ts'
import type { Message } from '../../shapes/message.ts'
import { type Pages, useFresh, usePages } from '../api/ask.ts'
import { concernsMail } from '../api/live.ts'
import { useAccount, useWho } from '../api/who.ts'
import { pathOf, useSpot, withQuery } from '../frame/router.ts'
import { askedBy, type Field, Filters } from '../pieces/filters.tsx'
import { Foreign, plainly } from '../pieces/foreign.tsx'
import { Past, pastIn } from '../pieces/past.tsx'
import { bytes, Empty, Line, More, Problem, Time, Waiting } from '../pieces/pieces.tsx'
import { SendingLines } from '../pieces/sending.tsx'
import { type Choice, ChosenBar } from './chosen.tsx'
import { everything } from './mail.tsx'
import { isWide, PassedOver, SearchText, TextToo, widely, widened } from './wide.tsx'

/** A row of the list, of whichever list it is. */
export type Mail = {
  readonly key: string
  readonly message: string
  readonly at: string
  readonly from: string | null
  /** Of the envelope, where it is known; empty for the null sender. */
  readonly sender: string | null
  readonly to: string
  readonly subject: string | null
  readonly size: number
  readonly flags: readonly string[]
}
export type Mails = Omit<Pages<Either>, 'items'> & { readonly items: readonly Mail[] | null }

const ofAll: readonly Field[] = [
  { name: 'subject', title: 'Subject', hint: 'words', first: true },
  { name: 'sender', title: 'From', hint: '*@example.org' },
  { name: 'recipient', title: 'To', hint: 'you@*' },
  { name: 'tag', title: 'Junk by rule', hint: 'spf.fail, dmarc.*' },
  { name: 'since', title: 'Since', hint: '1h, 18:00, 2026-01-31' },
  { name: 'until', title: 'Until', hint: '10m, 18:00' },
]
const ofBox: readonly Field[] = [
  { name: 'search', title: 'Search', hint: 'From, subject', first: true },
  { name: 'flag', title: 'Flag', choices: ['unseen', 'seen', 'flagged', 'answered'], first: true },
  { name: 'from', title: 'From', hint: '*@example.org' },
  { name: 'subject', title: 'Subject', hint: 'words' },
  { name: 'since', title: 'Since', hint: '1h, 18:00, 2026-01-31' },
  { name: 'until', title: 'Until', hint: '10m, 18:00' },
]
const fieldsOf = (box: string): readonly Field[] => (box === everything ? ofAll : ofBox)

/** Whose words may be looked for in the text as well. */
const searchOf = (box: string): string => (box === everything ? 'subject' : 'search')

/** As the API takes them. */
export const filtersIn = (box: string, query: URLSearchParams): Record<string, string> =>
  widened(askedBy(fieldsOf(box), query), { query, field: searchOf(box) })

export type Either = Message | MailboxMessage
export const isFiled = (one: Either): one is MailboxMessage => 'mailbox' in one

const mailOf = (one: Either): Mail =>
  isFiled(one)
    ? { ...one, key: one.id, at: one.filedAt, to: one.mailbox }
    : {
        ...{ key: one.id, message: one.id, at: one.acceptedAt, from: one.from },
        sender: one.sender,
        ...{ to: one.recipients.join(', '), subject: one.subject, size: one.size, flags: ['\\Seen'] },
      }

/** Milliseconds from one look at what is new to the next. */
const often = 1_000
const seldom = 5_000

export const useMails = (box: string, query: URLSearchParams): Mails => {
  const asOf = pastIn(query)
  const pages = usePages<Either>({
    path: box === everything ? ['messages'] : ['mailboxes', box, 'messages'],
    // Nothing is taken out of all mail: what was there then, is what had come by then.
    asked: {
      ...filtersIn(box, query),
      ...(asOf !== null && { [box === everything ? 'until' : 'asOf']: asOf }),
    },
    key: ({ id }) => id,
  })
  // What has to be read for the answer is not read anew with every mail.
  const pace = 'text' in filtersIn(box, query) ? seldom : often
  useFresh(pages.upTo, concernsMail, pace)
  return { ...pages, items: pages.items?.map(mailOf) ?? null }
}

/** Who it is from; where it does not say, who its envelope says. */
const Author = ({ mail: { from, sender } }: { readonly mail: Mail }) => {
  if (from !== null && from !== '') return <Foreign text={from} />
  const title = 'It does not say who it is from; its envelope does'
  return (
    <span class="weak" title={title}>
      <Foreign text={sender === null ? '(nobody)' : sender === '' ? '<>' : sender} />
    </span>
  )
}

/** What a mail is called. */
export const subjectOf = ({ subject }: { readonly subject: string | null }): string =>
  subject === null || plainly(subject) === '' ? '(no subject)' : plainly(subject)

type RowProps = {
  readonly mail: Mail
  readonly box: string
  readonly isOpen: boolean
  /** Null where nothing can be chosen. */
  readonly choice: Choice | null
}

const Row = ({ mail, box, isOpen, choice }: RowProps) => {
  const spot = useSpot()
  const href = withQuery({ ...spot, path: pathOf('mail', box, mail.message) }, { view: null, as: null })
  return (
    <li>
      {choice !== null && (
        <input
          type="checkbox"
          aria-label={`Choose ${subjectOf(mail)}`}
          checked={choice.keys.has(mail.key)}
          onChange={() => choice.toggle(mail.key)}
        />
      )}
      <a
        href={href}
        data-keep
        aria-current={isOpen ? 'true' : undefined}
        class={mail.flags.includes('\\Seen') ? '' : 'unseen'}
      >
        <span class="from">
          {mail.flags.includes('\\Flagged') && '★ '}
          {mail.flags.includes('\\Answered') && '↩ '}
          <Author mail={mail} />
        </span>
        <span class="at">
          <Time at={mail.at} />
        </span>
        <span class="subject">
          <Foreign text={subjectOf(mail)} />
        </span>
        <span class="size">{bytes(mail.size)}</span>
        {box === everything && (
          <span class="to">
            to <Foreign text={mail.to} />
          </span>
        )}
      </a>
    </li>
  )
}

type NothingProps = Record<'isFiltered' | 'isPast' | 'mayWiden', boolean> & { readonly box: string }

const Nothing = ({ box, isFiltered, isPast, mayWiden }: NothingProps) => {
  const caller = useWho()?.caller
  if (isFiltered)
    return (
      <Empty title="No mail fits">
        <p>Take a filter away, or look further back.</p>
        {mayWiden && (
          <p>
            <SearchText />
          </p>
        )}
      </Empty>
    )
  if (isPast)
    return (
      <Empty title="It was empty then">
        <p>Nothing had come by that time, or all of it had been taken away.</p>
      </Empty>
    )
  const anybody = caller?.kind === 'account' ? caller.name : 'you@example.org'
  if (box === everything && typeof caller?.account === 'string')
    return (
      <Empty title="Nothing was sent yet">
        <p>What {caller.account} submits is listed here, and where it went.</p>
      </Empty>
    )
  const to = box === everything ? anybody : box.replace(/\/[^/]*$/, '')
  return (
    <Empty title="No mail yet">
      <p>
        Mail appears here the moment it is accepted, without a reload. From each mail one click leads to the
        session that brought it, step by step.
      </p>
      <p>Send one:</p>
      <Line text={`npx fsmtp send --to ${to} --subject Hello --text "It works"`} />
      <SendingLines to={[to]} />
    </Empty>
  )
}

export type MailListProps = {
  readonly box: string
  readonly query: URLSearchParams
  readonly mails: Mails
  readonly message: string | null
  readonly choice: Choice | null
  /** Null where nobody may send. */
  readonly write: (() => void) | null
}

export const MailList = ({ box, query, mails, message, choice, write }: MailListProps) => {
  const { items, error, more, isAsking, searchedTo, passedOver, again } = mails
  const account = useAccount()
  const isFiltered = Object.keys(filtersIn(box, query)).length > 0
  const hasWords = (query.get(searchOf(box)) ?? '') !== ''
  return (
    <section class="mails" aria-label="Mails">
      <header class="head">
        <h1>{box !== everything ? box : account === null ? 'All mail' : 'Sent'}</h1>
        {write !== null && (
          <button type="button" class="main" onClick={write}>
            Write
          </button>
        )}
      </header>
      <Filters key={box} fields={fieldsOf(box)} query={query} also={[widely]}>
        {hasWords && <TextToo query={query} />}
      </Filters>
      <Past query={query} what={box === everything ? 'all mail as it was' : 'the mailbox as it was'} />
      {choice !== null && <ChosenBar {...{ box, query, mails, choice }} />}
      {error !== null && <Problem error={error} again={again} />}
      {items === null ? (
        error === null && <Waiting />
      ) : items.length === 0 ? (
        <Nothing
          {...{ box, isFiltered }}
          isPast={pastIn(query) !== null}
          mayWiden={hasWords && !isWide(query)}
        />
      ) : (
        <ul class="rows">
          {items.map((mail) => (
            <Row key={mail.key} {...{ mail, box, choice }} isOpen={mail.message === message} />
          ))}
        </ul>
      )}
      <More {...{ more, isAsking, searchedTo }} />
      <PassedOver count={passedOver} />
    </section>
  )
}
