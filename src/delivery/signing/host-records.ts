/** Whether others find the host that takes a domain's mail, and believe it when it calls: its addresses, and their names. */
import { reverseName } from '../../dns/reverse.ts'
import { failureText, isNothing, type Lookup, LookupFailed } from '../routes/lookup.ts'
import type { Published, State } from './published.ts'

type Asked = { readonly found: readonly string[]; readonly failure: string | null }

const ask = async (
  { records }: Pick<Lookup, 'records'>,
  name: string,
  type: 'A' | 'AAAA' | 'PTR',
): Promise<Asked> => {
  try {
    return { found: (await records(name, type)).map(String), failure: null }
  } catch (error) {
    if (!(error instanceof LookupFailed)) throw error
    return { found: [], failure: isNothing(error) ? null : failureText(error) }
  }
}

const missingOr = ({ failure }: Asked): State => (failure === null ? 'missing' : 'unknown')
const foundOr = ({ found, failure }: Asked): readonly string[] => (failure === null ? found : [failure])

const addressRow = (host: string, type: 'A' | 'AAAA', asked: Asked): Published => ({
  record: { name: host, type, value: '', about: 'where this server is reached from outside' },
  state: asked.found.length > 0 ? 'ok' : missingOr(asked),
  found: foundOr(asked),
})

/** RFC 1912 §2.1: each address has a name, and it is the one we say in EHLO; many hosts refuse mail without. */
const reverseRow = async (
  host: string,
  address: string,
  lookup: Pick<Lookup, 'records'>,
): Promise<Published> => {
  const name = reverseName(address)
  const asked = await ask(lookup, name, 'PTR')
  const isOurs = asked.found.some((one) => one.toLowerCase().replace(/\.$/, '') === host)
  return {
    record: { name, type: 'PTR', value: `${host}.`, about: `the name of ${address}` },
    state: isOurs ? 'ok' : asked.found.length > 0 ? 'different' : missingOr(asked),
    found: foundOr(asked),
  }
}

/** Where no address is known, there is none to ask for the name of. */
const unaskedRow = (host: string, [v4, v6]: readonly [Asked, Asked]): Published => ({
  record: { name: '', type: 'PTR', value: `${host}.`, about: `the name of the address of ${host}` },
  state: v4.failure === null && v6.failure === null ? 'missing' : 'unknown',
  found: [],
})

/** One row for each kind of address the host has, or for the one it lacks; then one for each address, or one for all where none is known. */
export const checkHost = async (
  host: string,
  lookup: Pick<Lookup, 'records'>,
): Promise<readonly Published[]> => {
  const [v4, v6] = await Promise.all([ask(lookup, host, 'A'), ask(lookup, host, 'AAAA')])
  const hasNone = v4.found.length + v6.found.length === 0
  const reverse = [...v4.found, ...v6.found].map((address) => reverseRow(host, address, lookup))
  return [
    // One kind of address is enough.
    ...(v4.found.length > 0 || v4.failure !== null || hasNone ? [addressRow(host, 'A', v4)] : []),
    ...(v6.found.length > 0 || v6.failure !== null ? [addressRow(host, 'AAAA', v6)] : []),
    ...(hasNone ? [unaskedRow(host, [v4, v6])] : []),
    ...(await Promise.all(reverse)),
  ]
}
