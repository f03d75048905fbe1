/** What is asked while a way is looked for, with an end to every question. */
import { lookup as systemLookup } from 'node:dns/promises'
import type { Config } from '../../config/schema.ts'
import { DnsFault, dnsWords, type RecordType, type Resolver } from '../../dns/index.ts'
import { noRoute } from './faults.ts'

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

/** `MX of example.net: no answer in time`. */
export const failureText = ({ asked, code }: LookupFailed): string =>
  `${asked}: ${code === 'EAI_AGAIN' ? 'no answer now' : dnsWords(code)}`

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
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** The system's own answer, or a failure after `timeout` or when `signal` aborts; what it was doing then goes on and is not heard. */
const bySystem = (host: string, { timeout, signal }: Bounds): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const fail = (code: string) => reject(new LookupFailed(code, `address of ${host}`))
    const abort = () => fail(stopped)
    const timer = setTimeout(() => fail('ETIMEOUT'), timeout)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    systemLookup(host, { all: true })
      .then(
        (found) => resolve(found.map(({ address }) => address)),
        (error: NodeJS.ErrnoException) => fail(error.code ?? String(error)),
      )
      .finally(() => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
      })
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

const byResolver = ({ resolver }: Pick<Asking, 'resolver'>, signal: AbortSignal): Lookup['records'] => {
  const asked = new Map<string, Promise<readonly unknown[]>>()
  return (name, type) => {
    const key = `${type} of ${name}`
    const answer =
      asked.get(key) ??
      resolver.resolve(name, type, { signal }).catch((error: unknown) => {
        throw error instanceof DnsFault ? new LookupFailed(error.code, key) : error
      })
    asked.set(key, answer)
    return answer
  }
}

export type Asking = {
  readonly resolver: Resolver
  /** As configured: whether hosts are looked up in the system's way, and for how long (milliseconds). */
  readonly dns: Config['dns']
}

/** For one look; `signal` breaks it off. */
export const openLookup = ({ resolver, dns }: Asking, signal: AbortSignal): Lookup => {
  const records = byResolver({ resolver }, signal)
  const { servers, timeout } = dns
  return {
    records,
    addresses: (host) =>
      servers.length > 0 ? bothKinds(records, host) : bySystem(host, { timeout, signal }),
  }
}

/** The fault that a failed look-up is, for a look for the way to `about`. */
export const lookupFault = (failure: LookupFailed, about: string) =>
  isStopped(failure) ? noRoute('stopped', about) : noRoute('dns-failed', failureText(failure))
