/** Who is let in, or kept out, by name or network. */
import { addressKey, splitAddress } from '../../vocabulary/address.ts'
import { isWithin, networkTest } from '../../vocabulary/within.ts'
import { type Answer, type Examined, type Question, question } from './question.ts'
import type { NameList, Rules } from './rules.ts'

const domainOf = (address: string): string => splitAddress(address).domain.toLowerCase()
const lower = (text: string): string => text.toLowerCase()

/** Undefined: nobody looked whether it is. */
type Matches = (examined: Examined, name: string) => boolean | undefined
/** How a name on a list is found in what is examined. */
type ByName = { readonly address: Matches; readonly domain: Matches }

const answer = (matches: boolean | undefined, name: string): Answer =>
  matches === undefined ? undefined : matches ? name : null

const byNames = (
  list: 'allow' | 'block',
  { addresses, networks, domains }: NameList,
  { address, domain }: ByName,
): readonly Question[] => [
  ...networks.map((network) => {
    const within = networkTest(network)
    return question(`${list}.networks ${network}`, 'blocked-network', 'refuse', (examined) =>
      within(examined.address) ? examined.address : null,
    )
  }),
  ...addresses.map((name) =>
    question(`${list}.addresses ${name}`, 'blocked-address', 'refuse', (examined) =>
      answer(address(examined, addressKey(name)), name),
    ),
  ),
  ...domains.map((name) =>
    question(`${list}.domains ${name}`, 'blocked-domain', 'refuse', (examined) =>
      answer(domain(examined, lower(name)), name),
    ),
  ),
]

const isSender = ({ sender }: Examined, name: string): boolean => sender !== '' && addressKey(sender) === name

/** Every name a client goes by. */
const namesOf = ({ sender, helo, findings }: Examined): readonly string[] => [
  domainOf(sender),
  // The root's dot: some say it.
  lower(helo).replace(/\.$/, ''),
  ...(findings.reverseName?.result === 'confirmed' ? [lower(findings.reverseName.name ?? '')] : []),
]

/** A sender's name is anybody's to write: it counts where its domain vouches for it. */
const vouchedSender = (examined: Examined): boolean =>
  examined.findings.spf?.identity === 'mailfrom' && examined.findings.spf.result === 'pass'
const isVouchedFor = (examined: Examined): boolean | undefined =>
  examined.findings.spf === undefined ? undefined : vouchedSender(examined)
const vouchedAuthor = ({ message }: Examined): string =>
  message?.dmarc?.result === 'pass' ? (message.dmarc.domain ?? '') : ''

export const allowing = ({ allow }: Rules): readonly Question[] =>
  byNames('allow', allow, {
    address: (examined, name) => isSender(examined, name) && isVouchedFor(examined),
    domain: (examined, name) =>
      isWithin(vouchedAuthor(examined), name) ||
      (isWithin(domainOf(examined.sender), name) && isVouchedFor(examined)),
  })

/** Clients of these networks are let in whatever is found: nobody needs to look. */
const networks = new WeakMap<Rules, readonly ((address: string) => boolean)[]>()
export const isLetInByNetwork = (rules: Rules, address: string): boolean => {
  const tests = networks.get(rules) ?? rules.allow.networks.map(networkTest)
  networks.set(rules, tests)
  return tests.some((within) => within(address))
}

export const blocking = ({ block }: Rules): readonly Question[] =>
  byNames('block', block, {
    address: isSender,
    domain: (examined, name) => namesOf(examined).some((own) => isWithin(own, name)),
  })

/** The author is known only when the message is there. */
export const blockingAuthors = ({ block }: Rules): readonly Question[] =>
  byNames(
    'block',
    { ...block, networks: [], addresses: [] },
    {
      address: () => false,
      domain: ({ message }, name) => (message?.author?.domains ?? []).some((own) => isWithin(own, name)),
    },
  )
