/** How the server is: what it can do now, how far its views are, and the policy in force. */
import { useEffect, useState } from 'preact/hooks'
import type { ViewStatus } from '../../shapes/view.ts'
import { useFresh, useJson } from '../api/ask.ts'
import { getJson, send, urlOf, wordsOf } from '../api/client.ts'
import { Badge, lasting, Problem, Time, type Tone } from '../pieces/pieces.tsx'
import { Webhooks } from './webhooks.tsx'

type Check = { readonly ok: boolean; readonly detail: string | null }
type Ready = { readonly status: string; readonly checks: Readonly<Record<string, Check>> }
type Alive = { readonly version: string; readonly node: string; readonly uptime: number }

/** Both answer whatever the state is. */
const asked = async <Value,>(path: string): Promise<Value | null> => {
  const response = await fetch(path).catch(() => null)
  return response === null ? null : ((await response.json().catch(() => null)) as Value | null)
}

const useHealth = (): readonly [Alive | null, Ready | null] => {
  const [alive, setAlive] = useState<Alive | null>(null)
  const [ready, setReady] = useState<Ready | null>(null)
  useEffect(() => {
    const look = (): void => {
      void asked<Alive>('/healthz').then(setAlive)
      void asked<Ready>('/readyz').then(setReady)
    }
    look()
    const timer = setInterval(look, 5_000)
    return () => clearInterval(timer)
  }, [])
  return [alive, ready]
}

const tones: Readonly<Record<ViewStatus['state'], Tone>> = {
  live: 'good',
  stopped: 'bad',
  rebuilding: 'live',
}

type ViewProps = {
  readonly view: ViewStatus
  /** Its generation when it was asked to be built again here; what takes but a moment is told of when it was done. */
  readonly asked: number | undefined
  readonly rebuild: (view: ViewStatus) => void
}

const View = ({ view, asked, rebuild }: ViewProps) => {
  const { name, version, state, position, lag, error, errorPosition, rebuilt, generation } = view
  const tail = position + lag
  return (
    <tr>
      <td>
        <strong>{name}</strong> <span class="weak">v{version}</span>
      </td>
      <td>
        <Badge tone={tones[state]}>{state}</Badge>
      </td>
      <td class="count">{position.toLocaleString('en')}</td>
      <td class="count">{lag.toLocaleString('en')}</td>
      <td aria-live="polite">
        {state === 'rebuilding' ? (
          <>
            <progress
              max={Math.max(1, tail)}
              value={rebuilt ?? 0}
              aria-label={`How far ${name} is built again`}
            />{' '}
            {Math.floor((100 * (rebuilt ?? 0)) / Math.max(1, tail))}%
          </>
        ) : error !== null ? (
          <span class="fault">
            {error} (position {errorPosition})
          </span>
        ) : (
          asked !== undefined && generation > asked && <span class="weak">built again</span>
        )}
      </td>
      <td class="over">
        <button type="button" class="small" disabled={state === 'rebuilding'} onClick={() => rebuild(view)}>
          Build again
        </button>
      </td>
    </tr>
  )
}

const Views = () => {
  const { value, error, again } = useJson<{ readonly items: readonly ViewStatus[] }>(urlOf(['views']))
  const [fault, setFault] = useState<string | null>(null)
  useFresh(again, () => true)
  const [asked, setAsked] = useState<ReadonlyMap<string, number>>(new Map())
  const isAwaited = ({ name, generation, state }: ViewStatus): boolean =>
    state === 'live' && generation === asked.get(name)
  const isBuilding = value?.items.some((view) => view.state === 'rebuilding' || isAwaited(view)) ?? false
  useEffect(() => {
    if (!isBuilding) return
    const timer = setInterval(again, 700)
    return () => clearInterval(timer)
  }, [isBuilding])
  const rebuild = ({ name, generation }: ViewStatus): void => {
    send('POST', urlOf(['views', name, 'rebuild'])).then(
      () => {
        setFault(null)
        setAsked((before) => new Map(before).set(name, generation))
        setTimeout(again, 200)
      },
      (problem) => setFault(wordsOf(problem)),
    )
  }
  if (error !== null && value === null) return <Problem error={error} again={again} />
  return (
    <section aria-label="Views">
      <h2>Views</h2>
      <p class="weak">
        Lists and counts are kept beside the log and made from it: building one again changes nothing but
        mistakes, and it stays readable meanwhile.
      </p>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <table class="list">
        <thead>
          <tr>
            <th>View</th>
            <th>State</th>
            <th class="count">Position</th>
            <th class="count">Behind</th>
            <th>Progress or fault</th>
            <th>From the log</th>
          </tr>
        </thead>
        <tbody>
          {value?.items.map((view) => (
            <View key={view.name} {...{ view, rebuild }} asked={asked.get(view.name)} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

type Fact = {
  readonly position: number
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}
/** Pages of facts that are looked through at most. */
const mostPages = 20

/** All facts of a type, the oldest first. */
const factsOf = async (type: string, signal: AbortSignal): Promise<readonly Fact[]> => {
  let found: readonly Fact[] = []
  let after: number | null = 0
  for (let page = 0; after !== null && page < mostPages; page += 1) {
    const url = urlOf(['events'], { type, after, limit: 500 })
    const answer: { readonly items: readonly Fact[]; readonly next: number | null } = await getJson(
      url,
      signal,
    )
    found = [...found, ...answer.items]
    after = answer.next
  }
  return found
}

type InForce = { readonly service: string; readonly hash: string; readonly since: string }

const policyOf = async (hash: string, signal: AbortSignal): Promise<unknown> => {
  const asked = urlOf(['events'], { stream: `policy-${hash}`, limit: 1 })
  const { items } = await getJson<{ readonly items: readonly Fact[] }>(asked, signal)
  return items[0]?.data.policy
}

/** By which policy the sessions of each service are judged, as the log has it. */
const usePolicies = () => {
  const [known, setKnown] = useState<{
    readonly inForce: readonly InForce[]
    readonly policies: ReadonlyMap<string, unknown>
  }>({ inForce: [], policies: new Map() })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const ending = new AbortController()
    const look = async (): Promise<void> => {
      const changes = await factsOf('PolicyChanged', ending.signal)
      const newest = new Map<string, InForce>()
      for (const { at, data } of changes) {
        const [service, hash] = [String(data.service), String(data.policy)]
        if (newest.get(service)?.hash !== hash) newest.set(service, { service, hash, since: at })
      }
      const hashes = [...new Set([...newest.values()].map(({ hash }) => hash))]
      const policies = await Promise.all(
        hashes.map(async (hash) => [hash, await policyOf(hash, ending.signal)] as const),
      )
      setKnown({ inForce: [...newest.values()], policies: new Map(policies) })
    }
    look().catch(() => {})
    return () => ending.abort()
  }, [turn])
  useFresh(
    () => setTurn((before) => before + 1),
    ({ events }) => events.some(({ type }) => type === 'PolicyChanged'),
  )
  return known
}

const Policies = () => {
  const { inForce, policies } = usePolicies()
  if (inForce.length === 0) return null
  return (
    <section aria-label="Policies in force">
      <h2>Policies in force</h2>
      <p class="weak">
        What sessions are judged by. Each policy is kept in the log under its hash, so that every decision can
        be looked at under the rules of its time.
      </p>
      <ul class="policies">
        {inForce.map(({ service, hash, since }) => (
          <li key={service} class="card">
            <details>
              <summary>
                <strong>{service}</strong> <code>{hash}</code> since <Time at={since} />
              </summary>
              <pre class="text">{JSON.stringify(policies.get(hash) ?? null, null, 2)}</pre>
            </details>
          </li>
        ))}
      </ul>
    </section>
  )
}

export const Health = () => {
  const [alive, ready] = useHealth()
  return (
    <>
      <header class="head">
        <div>
          <h1>
            Health{' '}
            {ready !== null && <Badge tone={ready.status === 'ready' ? 'good' : 'bad'}>{ready.status}</Badge>}
          </h1>
          {alive !== null && (
            <p class="weak">
              FSMTP {alive.version} on {alive.node}, up for {lasting(alive.uptime * 1_000)}
            </p>
          )}
        </div>
        <p class="actions">
          <a class="button" href="/metrics" target="_blank" rel="noreferrer">
            Figures for Prometheus
          </a>
          <a class="button" href="/api/docs" target="_blank" rel="noreferrer">
            The API
          </a>
        </p>
      </header>
      {ready !== null && (
        <ul class="glance">
          {Object.entries(ready.checks).map(([name, { ok, detail }]) => (
            <li key={name} class="card">
              <Badge tone={ok ? 'good' : 'bad'}>{ok ? 'well' : 'ill'}</Badge> <strong>{name}</strong>
              {detail !== null && <p class="fault">{detail}</p>}
            </li>
          ))}
        </ul>
      )}
      <Views />
      <Webhooks />
      <Policies />
    </>
  )
}
