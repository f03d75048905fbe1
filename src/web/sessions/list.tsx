/** Who talks to us, the newest first, as it happens. */
import type { Session } from '../../shapes/session.ts'
import { outcomes } from '../../shapes/words.ts'
import { outcomeText, whyText } from '../../telling/session-text.ts'
import { useFresh, usePages } from '../api/ask.ts'
import { concerns } from '../api/live.ts'
import { askedBy, type Field, Filters } from '../pieces/filters.tsx'
import { Badge, Empty, More, Problem, Time, type Tone, Waiting } from '../pieces/pieces.tsx'
import { SendingLines } from '../pieces/sending.tsx'

const fields: readonly Field[] = [
  { name: 'outcome', title: 'Outcome', choices: outcomes, first: true },
  { name: 'peer', title: 'Peer', hint: '192.0.2.1 or *.example.org', first: true },
  { name: 'sender', title: 'Sender', hint: '*@example.org', first: true },
  { name: 'recipient', title: 'Recipient', hint: 'you@*' },
  { name: 'helo', title: 'HELO', hint: 'mail.example.org' },
  { name: 'user', title: 'Account', hint: 'demo@localhost' },
  { name: 'reason', title: 'Reason', hint: 'spf-fail' },
  { name: 'rule', title: 'Rule', hint: 'dmarc.*' },
  { name: 'tag', title: 'Junk by rule', hint: 'spf.fail, dmarc.*' },
  { name: 'since', title: 'Since', hint: '1h, 18:00, 2026-01-31' },
  { name: 'until', title: 'Until', hint: '10m, 18:00, 2026-01-31' },
]

const outcomeTones: Readonly<Record<Session['outcome'], Tone>> = {
  ...{ accepted: 'good', refused: 'bad', aborted: 'warn', idle: 'weak', open: 'live' },
}

/** What it came to; what was accepted only in part is worth a look. */
export const Outcome = ({ session }: { readonly session: Session }) => (
  <Badge
    tone={session.outcome === 'accepted' && session.refusals > 0 ? 'warn' : outcomeTones[session.outcome]}
  >
    {outcomeText(session)}
  </Badge>
)

/** The account; or the name that was tried, and by what right it is named. */
const Account = ({ session: { user, tried, listener } }: { readonly session: Session }) => {
  if (user !== null || tried === null) return <>{user ?? listener}</>
  return (
    <>
      {tried} <span class="weak">login failed</span>
    </>
  )
}

const Row = ({ session }: { readonly session: Session }) => {
  const { id, openedAt, peer, helo, accepted, rule, transitions } = session
  const href = `/sessions/${id}`
  return (
    <tr>
      <td>
        <a href={href} class="whole">
          <Time at={openedAt} />
        </a>
      </td>
      <td>
        <Outcome session={session} />
      </td>
      <td class="address" title={peer.name ?? undefined}>
        {peer.name ?? peer.address}
        {peer.name !== null && <span class="weak"> {peer.address}</span>}
      </td>
      <td class="address wide" title={helo ?? undefined}>
        {helo}
      </td>
      <td class="wide">
        <Account session={session} />
      </td>
      <td class="count">{accepted === 0 ? '' : accepted}</td>
      <td class="count wide">{transitions}</td>
      <td class="why">
        {whyText(session)} {rule !== null && <code>{rule}</code>}
      </td>
    </tr>
  )
}

const Nothing = ({ isFiltered }: { readonly isFiltered: boolean }) => {
  return isFiltered ? (
    <Empty title="No session fits">
      <p>Take a filter away, or look further back.</p>
    </Empty>
  ) : (
    <Empty title="Nobody has talked to this server yet">
      <p>
        Each connection is listed here while it lasts and after: who came, how far they got, and why they were
        refused. Open one to see every step of it on the chart of the machine.
      </p>
      <p>Send a mail to see one:</p>
      <SendingLines to={['you@example.org']} />
    </Empty>
  )
}

export const SessionList = ({ query }: { readonly query: URLSearchParams }) => {
  const asked = askedBy(fields, query)
  const { items, error, isAsking, more, searchedTo, again, upTo } = usePages<Session>({
    ...{ path: ['sessions'], asked, key: ({ id }) => id },
  })
  useFresh(upTo, (batch) => concerns(batch, 'smtp_session'))
  return (
    <>
      <header class="head">
        <h1>Sessions</h1>
        <a class="button" href="/replay">
          Replay a history file
        </a>
      </header>
      <Filters fields={fields} query={query} />
      {error !== null && <Problem error={error} again={again} />}
      {items === null ? (
        error === null && <Waiting />
      ) : items.length === 0 ? (
        <Nothing isFiltered={Object.keys(asked).length > 0} />
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th>Opened</th>
              <th>Outcome</th>
              <th>Peer</th>
              <th class="wide">HELO</th>
              <th class="wide">Account or service</th>
              <th class="count">Mails</th>
              <th class="count wide">Steps</th>
              <th>Why</th>
            </tr>
          </thead>
          <tbody>
            {items.map((session) => (
              <Row key={session.id} session={session} />
            ))}
          </tbody>
        </table>
      )}
      <More {...{ more, isAsking, searchedTo }} />
    </>
  )
}
