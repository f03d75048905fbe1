/** The frame: where one can go, and what is shown there. */
import type { FunctionComponent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { onUnknownCaller } from '../api/client.ts'
import { useLine } from '../api/live.ts'
import { logOut, useAccount, useWho } from '../api/who.ts'
import { Icon, type IconName } from '../pieces/icons.tsx'
import { Empty, Waiting } from '../pieces/pieces.tsx'
import { Keys } from './keys.tsx'
import { Login } from './login.tsx'
import { partsOf, useSpot } from './router.ts'
import { useTheme } from './theme.ts'

export type PlaceProps = { readonly parts: readonly string[]; readonly query: URLSearchParams }
type Place = FunctionComponent<PlaceProps>

/** What is not asked for is not loaded. */
const places: Readonly<Record<string, () => Promise<Place>>> = {
  mail: () => import('../mail/mail.tsx').then(({ Mail }) => Mail),
  sessions: () => import('../sessions/sessions.tsx').then(({ Sessions }) => Sessions),
  deliveries: () => import('../deliveries/deliveries.tsx').then(({ Deliveries }) => Deliveries),
  machines: () => import('../machines/machines.tsx').then(({ Machines }) => Machines),
  log: () => import('../log/log.tsx').then(({ Log }) => Log),
  health: () => import('../log/health.tsx').then(({ Health }) => Health),
  logins: () => import('../logins/logins.tsx').then(({ Logins }) => Logins),
  replay: () => import('../sessions/file.tsx').then(({ ReplayFile }) => ReplayFile),
}
const loaded = new Map<string, Place>()

const ways: readonly (readonly [path: string, title: string, icon: IconName])[] = [
  ['mail', 'Mail', 'mail'],
  ['sessions', 'Sessions', 'sessions'],
  ['deliveries', 'Deliveries', 'deliveries'],
  ['machines', 'Machines', 'machines'],
  ['log', 'Log', 'log'],
  ['health', 'Health', 'health'],
  ['replay', 'Replay a file', 'replay'],
  ['logins', 'Logins', 'logins'],
]
const titles = new Map<string, string>(ways.map(([path, title]) => [path, title]))

const lineWords = { idle: '', open: 'live', connecting: 'connecting', closed: 'not live' } as const

const Foot = () => {
  const [theme, change] = useTheme()
  const line = useLine()
  const who = useWho()
  return (
    <div class="foot">
      <span class={line === 'idle' ? '' : `line ${line}`} role="status">
        {lineWords[line]}
      </span>
      {who?.required === true && who.caller && (
        <>
          <span class="who" title={`Logged in as ${who.caller.name}`}>
            {who.caller.name}
          </span>
          <button type="button" class="quiet" onClick={() => void logOut()} aria-label="Log out">
            <Icon name="leave" />
            <span>Log out</span>
          </button>
        </>
      )}
      <button type="button" class="quiet" onClick={change} aria-label={`Colours: ${theme}. Change`}>
        <Icon name="theme" />
        <span>{theme}</span>
      </button>
    </div>
  )
}

/** What is of use to who sees their own mail alone. */
const ofOne: ReadonlySet<string> = new Set(['mail', 'sessions', 'deliveries', 'machines', 'replay', 'logins'])

const Nav = ({ here, find }: { readonly here: string; readonly find: () => void }) => {
  const who = useWho()
  const isOne = useAccount() !== null
  const shown = ways.filter(
    ([path]) => (!isOne || ofOne.has(path)) && (path !== 'logins' || who?.required === true),
  )
  return (
    <nav aria-label="Pages">
      <a class="brand" href="/mail">
        <img src={icon} alt="" width="26" height="26" />
        <span>FSMTP</span>
      </a>
      <ul>
        {shown.map(([path, title, picture]) => (
          <li key={path}>
            <a href={`/${path}`} aria-current={path === here ? 'page' : undefined}>
              <Icon name={picture} />
              <span>
                {title.split(' ')[0]}
                <span class="wide">{title.slice(title.split(' ')[0]?.length)}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
      <button type="button" class="find" onClick={find} title="Keys: g i">
        <Icon name="find" />
        <span>Go to an id</span>
      </button>
      <Foot />
    </nav>
  )
}
const icon = new URL('../icon.svg', import.meta.url).href

/** What is shown there: null where there is no such place, undefined until it is loaded, `lost` where it could not be. */
const usePlace = (name: string): Place | null | undefined | 'lost' => {
  const [, setTurn] = useState(0)
  const [lost, setLost] = useState<string | null>(null)
  useEffect(() => {
    if (loaded.has(name) || places[name] === undefined) return
    places[name]().then(
      (place) => {
        loaded.set(name, place)
        setTurn((turn) => turn + 1)
      },
      () => setLost(name),
    )
  }, [name])
  if (places[name] === undefined) return null
  return loaded.get(name) ?? (lost === name ? 'lost' : undefined)
}

/** A server that was replaced meanwhile has files of other names. */
const Lost = () => (
  <Empty title="This page could not be loaded">
    <p>The server has a newer one since this was opened, or cannot be reached.</p>
    <button type="button" class="main" onClick={() => location.reload()}>
      Load it again
    </button>
  </Empty>
)

/** Somebody followed a link to it, and has logged in since. */
const NotForOne = ({ name, account }: { readonly name: string; readonly account: string }) => (
  <Empty title={`${titles.get(name)} is for administrators`}>
    <p>
      It shows the mail of everybody; you have logged in as {account}, who sees <a href="/mail">their own</a>.
    </p>
  </Empty>
)

const Nowhere = () => (
  <Empty title="There is no such page">
    <p>
      Nothing of this server has that address. <a href="/mail">Mail</a> is the first of the pages.
    </p>
  </Empty>
)

type Asked = PlaceProps & { readonly name: string }

/** What only administrators are shown waits until it is known who looks. */
const Content = ({ name, ...props }: Asked) => {
  const Shown = usePlace(name)
  const who = useWho()
  const account = useAccount()
  const isForMany = titles.has(name) && !ofOne.has(name)
  if (isForMany && account !== null) return <NotForOne {...{ name, account }} />
  if (Shown === null) return <Nowhere />
  if (Shown === 'lost') return <Lost />
  return Shown === undefined || (isForMany && who === undefined) ? <Waiting /> : <Shown {...props} />
}

export const App = () => {
  const { path, query } = useSpot()
  const [name = 'mail', ...parts] = partsOf(path)
  const [isStranger, setStranger] = useState(false)
  const [isFinding, setFinding] = useState(false)
  const who = useWho()
  const main = useRef<HTMLElement>(null)
  useEffect(() => onUnknownCaller(() => setStranger(true)), [])
  useEffect(() => {
    document.title = `${titles.get(name) ?? 'Nothing here'} · FSMTP`
  }, [name])
  if (isStranger || (who?.required === true && who.caller === null)) return <Login />
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <Nav here={name} find={() => setFinding(true)} />
      <main id="main" ref={main} tabIndex={-1}>
        <Content {...{ name, parts, query }} />
      </main>
      <Keys find={setFinding} isFinding={isFinding} />
    </>
  )
}
