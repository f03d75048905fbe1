/** Who is let in, or kept out, by name or network. */
import { addressKey, splitAddress } from '../../vocabulary/address.ts'
import { isWithin, networkTest } from '../../vocabulary/within.ts'
import { type Examined, type Question, question } from './question.ts'
import type { NameList, Rules } from './rules.ts'

const domainOf = (address: string): string => splitAddress(address).domain.toLowerCase()
const lower = (text: string): string => text.toLowerCase()

type Matches = (examined: Examined, name: string) => boolean
/** How a name on a list is found in what is examined. */
type ByName = { readonly address: Matches; readonly domain: Matches }

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
      address(examined, addressKey(name)) ? name : null,
    ),
  ),
  ...domains.map((name) =>
    question(`${list}.domains ${name}`, 'blocked-domain', 'refuse', (examined) =>
      domain(examined, lower(name)) ? name : null,
    ),
  ),
]

const isSender = ({ sender }: Examined, name: string): boolean => sender !== '' && addressKey(sender) === name

/** Every name a client goes by. */
const namesOf = ({ sender, helo, findings }: Examined): readonly string[] => [
  domainOf(sender),
  lower(helo),
  ...(findings.reverseName?.result === 'confirmed' ? [lower(findings.reverseName.name ?? '')] : []),
]

/** A sender's name is anybody's to write: it counts where its domain vouches for it. */
const vouchedSender = (examined: Examined): boolean =>
  examined.findings.spf?.identity === 'mailfrom' && examined.findings.spf.result === 'pass'
const vouchedDomains = (examined: Examined): readonly string[] => [
  ...(vouchedSender(examined) ? [domainOf(examined.sender)] : []),
  ...(examined.message?.dmarc?.result === 'pass' ? [examined.message.dmarc.domain ?? ''] : []),
]

export const allowing = ({ allow }: Rules): readonly Question[] =>
  byNames('allow', allow, {
    address: (examined, name) => vouchedSender(examined) && isSender(examined, name),
    domain: (examined, name) => vouchedDomains(examined).some((own) => isWithin(own, name)),
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
