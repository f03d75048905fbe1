/** Where somebody is logged in, and the keys of programs: each can be ended. */
import { useState } from 'preact/hooks'
import { useFresh, useJson } from '../api/ask.ts'
import { send, urlOf, wordsOf } from '../api/client.ts'
import { concerns } from '../api/live.ts'
import { useWho, type Who } from '../api/who.ts'
import { Dialog } from '../pieces/dialog.tsx'
import { Ago, Badge, counted, Empty, Line, Problem, Time, Waiting } from '../pieces/pieces.tsx'
import { deviceOf } from './device.ts'

type Login = {
  readonly id: string
  readonly account: string
  readonly address: string
  readonly agent: string
  readonly current: boolean
  readonly openedAt: string
  readonly expiresAt: string
}
type Key = {
  readonly name: string
  readonly role: string
  readonly account: string | null
  readonly addedAt: string
}
type All<Item> = { readonly items: readonly Item[] }

/** What is about to end. */
type Ending =
  | { readonly kind: 'one'; readonly login: Login }
  | { readonly kind: 'all'; readonly others: boolean; readonly count: number }

const textOf = (ending: Ending): string => {
  if (ending.kind === 'all')
    return ending.others
      ? `${counted(ending.count, 'login')} of yours will end. You stay logged in here.`
      : `All of your logins will end, ${counted(ending.count, 'login')}. You are logged out here as well.`
  const { login } = ending
  return `The login of ${login.account} on ${deviceOf(login.agent)}, from ${login.address}, will end.`
}
const titleOf = (ending: Ending): string =>
  ending.kind === 'one'
    ? 'End this login?'
    : ending.others
      ? 'Log out everywhere else?'
      : 'Log out everywhere?'
const urlFor = (ending: Ending): string =>
  ending.kind === 'one'
    ? urlOf(['logins', ending.login.id])
    : urlOf(['logins'], { others: ending.others || null })

const EndDialog = ({
  ending,
  close,
  done,
}: {
  readonly ending: Ending
  readonly close: () => void
  readonly done: () => void
}) => {
  const [fault, setFault] = useState<string | null>(null)
  const isOut = ending.kind === 'one' ? ending.login.current : !ending.others
  const end = async (): Promise<void> => {
    try {
      await send('DELETE', urlFor(ending))
      if (isOut) location.reload()
      close()
      done()
    } catch (error) {
      setFault(wordsOf(error))
    }
  }
  return (
    <Dialog title={titleOf(ending)} close={close}>
      <p>{textOf(ending)}</p>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <p class="actions">
        <button type="button" onClick={close}>
          Leave it
        </button>
        <button type="button" class="danger" onClick={() => void end()}>
          {isOut ? 'Log out' : 'End'}
        </button>
      </p>
    </Dialog>
  )
}

const Row = ({
  login,
  isAll,
  end,
}: {
  readonly login: Login
  readonly isAll: boolean
  readonly end: () => void
}) => (
  <tr>
    {isAll && <td>{login.account}</td>}
    <td title={login.agent}>
      {deviceOf(login.agent)} {login.current && <Badge tone="good">this one</Badge>}
    </td>
    <td class="mono">{login.address}</td>
    <td>
      <Time at={login.openedAt} />{' '}
      <span class="weak wide">
        (<Ago at={login.openedAt} />)
      </span>
    </td>
    <td class="wide">
      <Time at={login.expiresAt} />
    </td>
    <td>
      <button type="button" class="small danger" onClick={end}>
        {login.current ? 'Log out' : 'End'}
      </button>
    </td>
  </tr>
)

const ownOf = (logins: readonly Login[], who: Who): readonly Login[] =>
  logins.filter(({ account }) => account === who.caller?.name)

const LoginTable = ({ who }: { readonly who: Who }) => {
  const { value, error, again } = useJson<All<Login>>(urlOf(['logins']))
  const [ending, setEnding] = useState<Ending | null>(null)
  useFresh(again, (batch) => concerns(batch, 'web_login', 'account'))
  const isAll = who.caller?.account === null
  if (error !== null && value === null) return <Problem error={error} again={again} />
  if (value === null) return <Waiting />
  const own = ownOf(value.items, who).length
  const others = own - Number(value.items.some(({ current }) => current))
  return (
    <>
      <div class="head">
        <p class="weak">
          {isAll ? 'Everybody who is logged in on this page' : 'Where you are logged in'}; a login ends by
          itself when its time is over, and when the account’s password changes.
        </p>
        <p class="actions">
          <button
            type="button"
            disabled={others === 0}
            onClick={() => setEnding({ kind: 'all', others: true, count: others })}
          >
            Log out everywhere else
          </button>
          <button
            type="button"
            class="danger"
            disabled={own === 0}
            onClick={() => setEnding({ kind: 'all', others: false, count: own })}
          >
            Log out everywhere
          </button>
        </p>
      </div>
      <table class="list logins">
        <thead>
          <tr>
            {isAll && <th>Account</th>}
            <th>Device</th>
            <th>From</th>
            <th>Since</th>
            <th class="wide">Until</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {value.items.map((login) => (
            <Row key={login.id} {...{ login, isAll }} end={() => setEnding({ kind: 'one', login })} />
          ))}
        </tbody>
      </table>
      {ending !== null && <EndDialog ending={ending} close={() => setEnding(null)} done={again} />}
    </>
  )
}

const KeyTable = () => {
  const { value, error, again } = useJson<All<Key>>(urlOf(['keys']))
  useFresh(again, (batch) => concerns(batch, 'api_key', 'account'))
  if (error !== null) return <Problem error={error} again={again} />
  if (value === null) return <Waiting />
  return (
    <section class="card" aria-label="Keys of programs">
      <h2>Keys of programs</h2>
      {value.items.length === 0 ? (
        <p class="weak">There is none. What a key is, is shown once, where it is made:</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th>Name</th>
              <th>May</th>
              <th>For</th>
              <th>Since</th>
            </tr>
          </thead>
          <tbody>
            {value.items.map(({ name, role, account, addedAt }) => (
              <tr key={name}>
                <td>{name}</td>
                <td>{role}</td>
                <td>{account ?? 'everything'}</td>
                <td>
                  <Time at={addedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Line text="npx fsmtp key add NAME --role look" />
      <Line text="npx fsmtp key remove NAME" />
    </section>
  )
}

export const Logins = () => {
  const who = useWho()
  if (who === undefined) return <Waiting />
  const caller = who?.caller ?? null
  return (
    <>
      <header class="head">
        <h1>Logins</h1>
      </header>
      {who === null || !who.required || caller === null ? (
        <Empty title="Nobody logs in here">
          <p>
            This is a playground on this machine alone: whoever reaches it may do everything. Elsewhere
            accounts log in, and this page shows where they are.
          </p>
        </Empty>
      ) : (
        <>
          <LoginTable who={who} />
          {caller.role === 'administer' && caller.account === null && <KeyTable />}
        </>
      )}
    </>
  )
}
