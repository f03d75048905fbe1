/** A look at a client: the name of its address, what it calls itself, and what lists say of both and of the sender's domain. */
import type { Findings, Listing } from '../../../machines/vocabulary/findings.ts'
import type { Resolver } from '../../dns/index.ts'
import { findHelloName, type Ourselves } from './hello-name.ts'
import { inTime } from './in-time.ts'
import type { Lists } from './lists.ts'
import { findReverseName } from './reverse-name.ts'

export type { Ourselves } from './hello-name.ts'
export {
  type ListSettings,
  type Lists,
  type ListsOptions,
  type Notice,
  openLists,
  type Standing,
} from './lists.ts'

export type ClientLook = {
  readonly address: string
  /** As it came with EHLO or HELO. */
  readonly helo: string
  /** The sender's domain, '' for the null sender. */
  readonly senderDomain: string
  readonly signal?: AbortSignal
}

export type ClientOptions = {
  readonly resolver: Resolver
  readonly lists: Lists
  readonly ourselves: Ourselves
  /** Milliseconds for all of a look. */
  readonly timeout?: number
}

export type ClientFindings = Required<Pick<Findings, 'reverseName' | 'helo' | 'listings'>>

/** Never rejects for what DNS does, and ends within `timeout`: what is not known by then is a `temperror`, or an `error` of a list. */
export const examineClient = (
  { address, helo, senderDomain, signal }: ClientLook,
  { resolver, lists, ourselves, timeout = 10_000 }: ClientOptions,
): Promise<ClientFindings> =>
  inTime({ timeout, signal }, async (ended) => {
    const look = { resolver, signal: ended }
    const plain = address.replace(/%.*$/, '')
    const reversed = findReverseName(plain, look)
    const given = [senderDomain, helo]
    // A name that its address does not confirm may be anybody's.
    const ofReverseName = reversed.then(({ result, name }) =>
      result === 'confirmed' && name !== null && !given.includes(name)
        ? lists.ask({ domains: [name] }, ended)
        : [],
    )
    const [reverseName, hello, ...listings] = await Promise.all([
      reversed,
      findHelloName(helo, { address: plain, ourselves }, look),
      lists.ask({ address: plain }, ended),
      lists.ask({ domains: given }, ended),
      ofReverseName,
    ])
    return { reverseName, helo: hello, listings: once(listings.flat()) }
  })

/** The sender's domain, the name after EHLO and the reverse name are often the same. */
const once = (listings: readonly Listing[]): readonly Listing[] => {
  const seen = new Set<string>()
  return listings.filter(({ zone, of, subject }) => {
    const key = `${zone} ${of} ${subject}`
    return !seen.has(key) && seen.add(key)
  })
}
