/** How mail for other domains leaves, and where names are looked up. */
import { isIP } from 'node:net'
import * as z from 'zod'
import {
  type NextHopSection,
  type ParsedHop,
  parseHopSection,
  parseNextHop,
  parseRelay,
  relayForm,
} from './next-hop.ts'
import { form, optional, required, setting } from './notes.ts'
import { count, duration, type Parsed, parseDomain, pause, remotePort, written } from './values.ts'
import { issueText, unknownKey } from './words.ts'

const concurrency = z.strictObject({
  total: setting(count, { about: 'Deliveries under way at a time.', byDefault: 200 }),
  perDestination: setting(count, {
    about: 'Of these, to one destination.',
    byDefault: 20,
  }),
})

/** The text itself, once it is known to say something. */
const asWritten = (text: string, parsed: ParsedHop): Parsed<string> =>
  'wrong' in parsed ? parsed : { value: text }

const relayUrl = written(`a URL (${relayForm})`, (given) =>
  asWritten(String(given), parseRelay(String(given))),
)

const nextHop = written('a host, with a port if need be (relay.example.net:2525)', (given) =>
  asWritten(String(given), parseNextHop(String(given))),
)

const hopSection = z.strictObject({
  host: required(nextHop, { about: 'host:port, or one of the URLs.' }),
  tls: optional(z.enum(['required', 'opportunistic', 'never']), {
    about:
      'required: no TLS, no mail. opportunistic: TLS where the host has it. Without: required where a user is named and the host is not on this machine, else opportunistic.',
  }),
  user: optional(z.string().min(1), { about: 'Who we are there.' }),
  password: optional(z.string().min(1), { about: 'The password of that user.' }),
})

type Issue = { readonly message: string; readonly path: (string | number)[] }

const issuesOf = (issue: z.core.$ZodIssue): Issue[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: [key], message: unknownKey(key, hopSection, hopSection) }))
    : [{ path: issue.path.map((step) => String(step)), message: issue.message }]

const sectionFaults = (given: unknown): { readonly value: NextHopSection } | readonly Issue[] => {
  const read = hopSection.safeParse(given, { error: issueText })
  if (!read.success) return read.error.issues.flatMap(issuesOf)
  const parsed = parseHopSection(read.data)
  return 'wrong' in parsed ? [{ path: [parsed.at ?? 'host'], message: parsed.wrong }] : { value: read.data }
}

const textFaults = (given: unknown): { readonly value: string } | readonly Issue[] => {
  const read = nextHop.safeParse(given, { error: issueText })
  return read.success ? { value: read.data } : read.error.issues.flatMap(issuesOf)
}

/** A text or a section, each with its own faults: of a union one would only hear that it is neither. */
const hop = form(
  z.unknown().transform((given, context): string | NextHopSection => {
    const isSection = typeof given === 'object' && given !== null && !Array.isArray(given)
    const read = isSection ? sectionFaults(given) : textFaults(given)
    if ('value' in read) return read.value
    for (const issue of read) context.addIssue({ code: 'custom', ...issue })
    return z.NEVER
  }),
  'host:port, lmtp://host:port, smtps://host:port, or { host, tls, user, password }',
)

const isRoutable = (name: string): boolean => parseDomain(name.replace(/^\*\./, '')) !== null

const routedDomain = written('a domain name (example.net, *.example.net)', (given): Parsed<string> => {
  const name = String(given)
  return isRoutable(name)
    ? { value: name.toLowerCase().normalize('NFC').replace(/\.$/, '') }
    : { wrong: `'${given}' is no domain name; write it like example.net or *.example.net` }
})

const suppress = z.strictObject({
  after: setting(count, {
    about: 'Answers of its host that an address does not exist, after which nothing more is sent there.',
    byDefault: 1,
  }),
  for: setting(duration, {
    about:
      'How long after the last of them. 0s: answers suppress nothing; what `fsmtp suppressions add` put on the list stays there in any case.',
    byDefault: '30d',
  }),
})

export const delivery = setting(
  z.strictObject({
    route: setting(z.enum(['direct', 'smarthost', 'capture']), {
      about:
        'direct: to the hosts the MX records name. smarthost: all through one relay. capture: nothing leaves, everything is kept.',
      byDefault: 'direct',
    }),
    smarthost: optional(relayUrl, {
      about:
        'The relay, with user and password if it wants them. smtp: STARTTLS is required, except on loopback or with ?tls=opportunistic. smtps: TLS from the first byte.',
      example: relayForm,
    }),
    routes: setting(z.record(routedDomain, hop), {
      about:
        'Next hop by domain, before the smart host and any MX record; *.example.net stands for every name below. Nothing is looked up but the address of the host.',
      byDefault: {},
      example: { 'example.net': '127.0.0.1:2626' },
    }),
    port: setting(remotePort, { about: 'Port of other mail servers.', byDefault: 25 }),
    mtaSts: setting(z.boolean(), {
      about:
        'Ask domains for their MTA-STS policy (RFC 8461) and keep to it: only to hosts it names, only with TLS and a valid certificate. Not asked where routes or a smart host lead.',
      byDefault: true,
    }),
    allowPrivate: setting(z.boolean(), {
      about:
        'Deliver to loopback and private addresses that MX records or address literals name. Off: such mail is refused, since anybody could have it sent into this network.',
      byDefault: false,
    }),
    retry: setting(z.array(pause).min(1), {
      about: 'Pauses between attempts; the last one repeats.',
      byDefault: ['5m', '15m', '30m', '1h', '2h', '4h'],
    }),
    giveUpAfter: setting(duration, { about: 'When the sender is told that it failed.', byDefault: '5d' }),
    warnAfter: setting(duration, { about: 'When the sender is told that it takes long.', byDefault: '4h' }),
    concurrency: setting(concurrency, { about: 'How much at a time.', byDefault: {} }),
    suppress: setting(suppress, {
      about:
        'When an address elsewhere is taken for one that does not exist: mail for it is returned to its sender without being tried.',
      byDefault: {},
    }),
  }),
  { about: 'How mail for other domains leaves.', byDefault: {} },
)

const addressAndPort = /^(?:\[([^\]]+)\](?::(\d{1,5}))?|([^:]+):(\d{1,5})|(.+))$/

const isNameServer = (text: string): boolean => {
  const [, v6, v6Port, v4, v4Port, bare] = addressAndPort.exec(text) ?? []
  const port = Number(v6Port ?? v4Port ?? 53)
  if (port < 1 || port > 65_535) return false
  if (v6 !== undefined) return isIP(v6) === 6
  return v4 === undefined ? isIP(bare ?? '') !== 0 : isIP(v4) === 4
}

const nameServer = written('an IP address', (given): Parsed<string> => {
  const text = String(given)
  return isNameServer(text) ? { value: text } : { wrong: 'must be an IP address, with a port if need be' }
})

const patience = form(
  duration.refine((given) => given > 0 && given <= 3_600_000, 'must be longer than 0 and at most 1h'),
  'a duration (5s)',
)

export const dns = setting(
  z.strictObject({
    servers: setting(z.array(nameServer), {
      about: 'Name servers to ask. Without: the system’s.',
      byDefault: [],
      example: ['127.0.0.1:5353'],
    }),
    timeout: setting(patience, { about: 'How long an answer may take.', byDefault: '5s' }),
  }),
  { about: 'Where names are looked up.', byDefault: {} },
)
