/** What is asked while a way is looked for, with an end to every question. */
import { lookup as systemLookup } from 'node:dns/promises'
import { noRoute } from './faults.ts'
import { type DnsSettings, dnsCode, NameServers, type RecordType } from './name-servers.ts'

/** A question that got no answer, or none that says anything. Others may change `message` and add to it; `asked` and `code` stay. */
export class LookupFailed extends Error {
  /** `ENOTFOUND`: no such name. `ENODATA`: nothing of this type. All others: not known now. */
  readonly code: string
  readonly asked: string
  constructor(code: string, asked: string) {
    super(code)
    this.code = code
    this.asked = asked
  }
}

const words: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the name server failed (SERVFAIL)',
  EREFUSED: 'the name server refused to answer (REFUSED)',
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'no name server can be reached',
  EBADRESP: 'the answer makes no sense',
  EFORMERR: 'the name server did not understand (FORMERR)',
  ENOTIMP: 'the name server cannot do that (NOTIMP)',
  EAI_AGAIN: 'no answer now',
}

/** `MX of example.net: no answer in time`. */
export const failureText = ({ asked, code }: LookupFailed): string => `${asked}: ${words[code] ?? code}`

/** One look for a way: each question is asked once, however often its answer is wanted. */
export type Lookup = {
  /** Strings, `{exchange, priority}` for MX, lists of strings for TXT. @throws LookupFailed */
  records(name: string, type: RecordType): Promise<readonly unknown[]>
  /** As programs of this system find each other, files included, unless the configuration names servers. @throws LookupFailed */
  addresses(host: string): Promise<readonly string[]>
}

const stopped = 'ECANCELLED'
export const isStopped = (error: unknown): boolean => error instanceof LookupFailed && error.code === stopped

type Bounds = {
  readonly asked: string
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
  /** Ends what was begun, where that is possible. */
  readonly cancel?: () => void
}

/** The answer, or a failure after `timeout` or when `signal` aborts. */
const within = <Answer>(work: Promise<Answer>, { asked, timeout, signal, cancel }: Bounds): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const fail = (code: string) => reject(new LookupFailed(code, asked))
    const abort = () => {
      fail(stopped)
      cancel?.()
    }
    const timer = setTimeout(() => fail('ETIMEOUT'), timeout)
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
    work.then(resolve, (error: unknown) => fail(dnsCode(error))).finally(end)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })

/** What comes of several kinds of question about one host: all addresses, or the first failure where there is none. */
const bothKinds = async (records: Lookup['records'], host: string): Promise<readonly string[]> => {
  const answers = await Promise.allSettled([records(host, 'A'), records(host, 'AAAA')])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.map(String) : []))
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  if (found.length > 0 || failures.length === 0) return found
  throw failures.find((failure: unknown) => !isNothing(failure)) ?? failures[0]
}

/** The answer is that there is nothing. */
export const isNothing = (error: unknown): boolean =>
  error instanceof LookupFailed && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')

const byServers = (settings: DnsSettings, signal: AbortSignal): Lookup['records'] => {
  const asked = new Map<string, Promise<readonly unknown[]>>()
  let opened: NameServers | null = null
  return (name, type) => {
    opened ??= new NameServers(settings)
    const servers = opened
    const key = `${type} of ${name}`
    const bounds = { asked: key, timeout: settings.timeout, signal, cancel: () => servers.cancel() }
    const answer = asked.get(key) ?? within(servers.ask(name, type), bounds)
    asked.set(key, answer)
    return answer
  }
}

const bySystem = async (host: string, bounds: Omit<Bounds, 'asked'>): Promise<readonly string[]> => {
  const found = await within(systemLookup(host, { all: true }), { asked: `address of ${host}`, ...bounds })
  return found.map(({ address }) => address)
}

/** For one look: name servers and time-out (milliseconds) as configured; `signal` breaks it off. */
export const openLookup = (settings: DnsSettings, signal: AbortSignal): Lookup => {
  const { servers, timeout } = settings
  const records = byServers(settings, signal)
  return {
    records,
    addresses: (host) =>
      servers.length > 0 ? bothKinds(records, host) : bySystem(host, { timeout, signal }),
  }
}

/** The fault that a failed look-up is, for a look for the way to `about`. */
export const lookupFault = (failure: LookupFailed, about: string) =>
  isStopped(failure) ? noRoute('stopped', about) : noRoute('dns-failed', failureText(failure))
