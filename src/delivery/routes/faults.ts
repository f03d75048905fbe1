/** Why there is no way to a next hop: each kind once, with its sentence and whether it may go better another time. */
import { NoRoute } from '../port.ts'

type Kind = {
  readonly temporary: boolean
  /** `about` is the domain, the host or the address that the fault is about. */
  readonly text: (about: string) => string
}

const kinds = {
  'no-such-domain': { temporary: false, text: (domain) => `there is no domain ${domain}` },
  // RFC 7505 §4: the sender is told at once.
  'null-mx': { temporary: false, text: (domain) => `${domain} says that it takes no mail (null MX)` },
  'no-mail-host': {
    temporary: false,
    text: (domain) => `${domain} has neither an MX record nor an address`,
  },
  'no-address': {
    temporary: false,
    text: (domain) => `none of the hosts that take mail for ${domain} has an address`,
  },
  'loops-back': {
    temporary: false,
    text: (domain) => `mail for ${domain} would come back to this server, which does not take it`,
  },
  'bad-destination': {
    temporary: false,
    text: (destination) => `${destination}: mail from here does not go to such an address`,
  },
  'bad-literal': { temporary: false, text: (literal) => `${literal} is no address that mail can go to` },
  'mta-sts-mismatch': {
    temporary: true,
    text: (records) => `${records}, which the MTA-STS policy of the domain does not allow`,
  },
  'dns-failed': { temporary: true, text: (lookup) => lookup },
  // Of our own configuration, or of who sent it (XROUTE): a slip in it is mended, and no mail is lost by it.
  'host-not-found': {
    temporary: true,
    text: (host) => `the host ${host}, to which this mail is to be sent, has no address`,
  },
  captured: { temporary: true, text: () => 'nothing leaves: delivery.route is capture' },
  stopped: { temporary: true, text: (domain) => `looking for a way to ${domain} was broken off` },
} as const satisfies Record<string, Kind>

export type RouteFault = keyof typeof kinds

/** All of them, for whoever tells people about them. */
export const routeFaults: Readonly<Record<RouteFault, Kind>> = kinds

export const noRoute = (kind: RouteFault, about: string): NoRoute => {
  const { temporary, text }: Kind = kinds[kind]
  return new NoRoute({ kind, during: 'route', text: text(about), reply: null, temporary })
}
