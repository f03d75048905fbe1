/** Lists that are asked over DNS, all at once, those that are believed. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Listing } from '../../../machines/vocabulary/findings.ts'
import type { Resolver } from '../../dns/index.ts'
import { reversedLabels } from '../../dns/reverse.ts'
import { asciiDomain } from '../spelling.ts'
import { inTime } from './in-time.ts'
import { List, type ListSettings, type Word } from './list.ts'
import { readKeyFile } from './list-keys.ts'
import { type Notice, type Standing, Trial } from './trial.ts'

export type { ListSettings } from './list.ts'
export type { Notice, Standing } from './trial.ts'

export type ListsOptions = {
  readonly lists: readonly ListSettings[]
  readonly resolver: Resolver
  /** Milliseconds for all that is asked at a time. */
  readonly timeout?: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
  /** For whoever looks after the server: at most hourly for each list and kind. */
  readonly notice?: (notice: Notice) => void
  readonly read?: (file: string) => Promise<string>
}

export type Subject = { readonly address: string } | { readonly domains: readonly string[] }

export type Lists = {
  /** What each list says of an address or of domains. Never rejects for what DNS does, and ends within `timeout`. */
  ask(subject: Subject, signal?: AbortSignal): Promise<readonly Listing[]>
  standing(): readonly Standing[]
  /** Tests all of them now; they are tested by themselves when they are opened and hourly. */
  test(): Promise<void>
  close(): void
}

/** More domains than this are not asked for. */
const mostDomains = 10

/** Of this machine or its cable: nobody outside can say anything of it, and 127.0.0.2 is on every list. */
const unlisted: ReadonlySet<string> = new Set(['loopback', 'unspecified', 'linkLocal'])

type Asked = { readonly subject: string; readonly labels: string }

const askedAddress = (address: string): readonly Asked[] => {
  const plain = address.replace(/%.*$/, '')
  if (!ipaddr.isValid(plain) || unlisted.has(ipaddr.process(plain).range())) return []
  return [{ subject: plain, labels: reversedLabels(plain) }]
}

const label = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/
/** Domain lists take no addresses, and no names without a dot. */
const isDomain = (name: string): boolean =>
  name.includes('.') &&
  isIP(name) === 0 &&
  name.length <= 253 &&
  name.split('.').every((part) => label.test(part))

const askedDomains = (domains: readonly string[]): readonly Asked[] => {
  const names = domains.map((domain) => asciiDomain(domain).replace(/\.$/, '')).filter(isDomain)
  return [...new Set(names)].slice(0, mostDomains).map((name) => ({ subject: name, labels: name }))
}

type Believed = { readonly list: List; readonly trial: Trial }

const late = 'the list was not tested in time'

export const openLists = ({
  lists,
  resolver,
  timeout = 5_000,
  now = () => performance.now(),
  notice = () => undefined,
  read = readKeyFile,
}: ListsOptions): Lists => {
  const all: readonly Believed[] = lists.map((settings) => {
    const list = new List(settings, resolver)
    return { list, trial: new Trial({ list, timeout, now, tell: notice, read }) }
  })
  const wordOf = async ({ list, trial }: Believed, labels: string, signal: AbortSignal): Promise<Word> => {
    await untilAborted(trial.begun, signal)
    const { state, about } = trial.standing
    if (state !== 'believed') return { result: 'set-aside', about: about ?? late, alarming: false }
    const word = await list.ask(labels, trial.key, { signal, timeout })
    trial.heard(word)
    return word
  }
  const askOne = async (
    each: Believed,
    { subject, labels }: Asked,
    signal: AbortSignal,
  ): Promise<Listing> => {
    const { zone, of } = each.list.settings
    const { alarming, ...word } = await wordOf(each, labels, signal)
    return { zone, of: of === 'addresses' ? 'address' : 'domain', subject, ...word }
  }
  return {
    ask: (subject, signal) => {
      const isAddress = 'address' in subject
      const asked = isAddress ? askedAddress(subject.address) : askedDomains(subject.domains)
      const concerned = all.filter(({ list }) => (list.settings.of === 'addresses') === isAddress)
      if (asked.length === 0 || concerned.length === 0) return Promise.resolve([])
      return inTime({ timeout, signal }, (ended) =>
        Promise.all(concerned.flatMap((each) => asked.map((one) => askOne(each, one, ended)))),
      )
    },
    standing: () => all.map(({ trial }) => trial.standing),
    test: async () => void (await Promise.all(all.map(({ trial }) => trial.test()))),
    close: () => {
      for (const { trial } of all) trial.close()
    },
  }
}

const untilAborted = (work: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const leave = (): void => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    signal.addEventListener('abort', leave)
    void work.then(leave)
  })
