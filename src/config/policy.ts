/** Rules for mail from strangers (`policy.yaml`, or inline): what each finding leads to. */
import * as z from 'zod'
import { lenient, outcomes, type Rules } from '../../machines/session/rules/rules.ts'
import { rateSubjects } from '../../machines/vocabulary/findings.ts'
import { asciiDomain, readableDomain } from '../authentication/spelling.ts'
import { form, optional, required, setting } from './notes.ts'
import { count, domainName, duration, mailAddress, network, path } from './values.ts'

const outcome = z.enum(outcomes)
type Outcome = (typeof outcomes)[number]
const on = (about: string, byDefault: Outcome = 'ignore') => setting(outcome, { about, byDefault })

const listAnswer = z.ipv4()

/** What is asked of Spamhaus with a key, with something before it that can only be the key: the zone is shown and recorded. */
const zoneWithKey = /^[^.]+\.[a-z-]+\.dq\.spamhaus\.net$/

const zone = form(
  domainName.refine(
    (given) => !zoneWithKey.test(given),
    'holds a key, which would be seen by all; write the key into a file, name that by keyFile, and the zone without it: zen.dq.spamhaus.net',
  ),
  'a domain name (example.org)',
)

const list = z.strictObject({
  zone: required(zone, { about: 'The list, as its operator names it.', example: 'zen.spamhaus.org' }),
  of: setting(z.enum(['addresses', 'domains']), {
    about:
      'What it lists: addresses of clients, or domains (of the sender, of EHLO, of the reverse name, of From).',
    byDefault: 'addresses',
  }),
  on: setting(z.enum([...outcomes, 'allow']), {
    about:
      'What being listed leads to. allow: a list of good ones, who is on it passes all other rules. With a weight alone: ignore.',
    byDefault: 'ignore',
    example: 'refuse',
  }),
  weight: setting(z.number(), {
    about: 'Added to the score of a client that is listed; below zero for a list of good ones.',
    byDefault: 0,
  }),
  codes: optional(z.array(listAnswer).min(1), {
    about: 'Answers that count, where not every listing shall.',
    example: ['127.0.0.2', '127.0.0.3'],
  }),
  meanings: optional(z.record(listAnswer, z.string().min(1)), {
    about:
      'Answers that are listings, and what each means, for a list that is not known here. Any other answer is then an error of the list, never a listing.',
    example: { '127.0.0.2': 'spam source' },
  }),
  keyFile: optional(path, {
    about: 'File with the key that goes into the name that is asked (Spamhaus DQS); it is never shown.',
    example: 'spamhaus.key',
  }),
  error: on('What no answer, or one that the list does not document, leads to.'),
})

const score = z.strictObject({
  tag: optional(z.number(), { about: 'Sum of weights from which mail is tagged.', example: 2 }),
  defer: optional(z.number(), { about: 'Sum of weights from which clients are put off.', example: 3 }),
  refuse: optional(z.number(), { about: 'Sum of weights from which clients are refused.', example: 5 }),
})

const spf = z.strictObject({
  fail: on('The domain forbids the client to send for it.'),
  softfail: on('The domain doubts it.'),
  neutral: on('The domain says nothing about the client.'),
  none: on('The domain has no record.'),
  temperror: on('The record could not be looked up just then.'),
  permerror: on('The record is broken.'),
})

const dkim = z.strictObject({
  fail: on('No signature holds.'),
  none: on('There is none.'),
  policy: on('None is acceptable: a key of less than 1024 bits, say.'),
  neutral: on('None can be read.'),
  temperror: on('A key could not be looked up just then.'),
  permerror: on('A key is missing or broken.'),
})

const dmarc = z.strictObject({
  reject: on('It failed, and the owner of the From domain asks to reject.', 'refuse'),
  quarantine: on('It failed, and the owner asks to quarantine.', 'tag'),
  none: on('It failed, and the owner asks for nothing.'),
  temperror: on('It could not be looked up just then.'),
  permerror: on('There is no one author whose domain could be asked. A broken record counts as none.'),
})

const arc = z.strictObject({
  trusted: setting(z.array(domainName), {
    about:
      'Domains of mailing lists and forwarders whose seal counts: where DMARC fails and the newest seal is theirs, what they saw holds.',
    byDefault: [],
    example: ['lists.example.net'],
  }),
})

const helo = z.strictObject({
  invalid: on('The name after EHLO is none a host on the Internet can have.'),
  ours: on('It is our own name or address.'),
  unresolved: on('It has no address and takes no mail.'),
  temperror: on('It could not be looked up just then.'),
})

const reverseName = z.strictObject({
  missing: on('The client’s address has no name.'),
  unconfirmed: on('None of its names leads back to it.'),
  temperror: on('It could not be looked up just then.'),
})

const author = z.strictObject({
  none: on('From names nobody, or is missing.'),
  several: on('There are several.'),
  ambiguous: on('Different readers would see different authors.'),
  poses: on('The display name reads like an address of another domain.'),
})

const window = form(
  duration.refine((given) => given > 0, 'must be longer than 0'),
  'a duration (20s, 5m, 4h, 5d)',
)

/** Accounts are no strangers. */
const strangersSubject = form(
  z.enum(rateSubjects).refine((of) => of !== 'account', 'accounts have limits.sending; strangers have none'),
  'address, network or senderDomain',
)

const rate = z.strictObject({
  of: required(strangersSubject, {
    about:
      'Who is counted: the client’s address, its network (/24, IPv6 /64), the sender’s domain: mail that SPF or DKIM vouches for has a share of its own, apart from what only bears the name.',
    example: 'address',
  }),
  messages: required(count, { about: 'As many are let through.', example: 100 }),
  per: required(window, { about: 'In this time.', example: '1m' }),
  on: required(outcome, { about: 'What one more leads to.', example: 'defer' }),
})

const karma = z.strictObject({
  below: required(z.number(), { about: 'The score; see `fsmtp reputation`.', example: -10 }),
  on: required(outcome, { about: 'What it leads to.', example: 'defer' }),
})

const greylist = z.strictObject({
  delay: setting(duration, { about: 'How long a stranger has to wait.', byDefault: '5m' }),
  accepted: setting(count, {
    about: 'Mails taken from a sender after which it is not put off any more.',
    byDefault: lenient.greylist.accepted,
  }),
})

const names = ({ about, networks, domains }: Record<'about' | 'domains', string> & { networks: string[] }) =>
  setting(
    z.strictObject({
      addresses: setting(z.array(mailAddress), {
        about: 'Senders.',
        byDefault: [],
        example: ['a@example.net'],
      }),
      networks: setting(z.array(network), {
        about: 'Addresses of clients.',
        byDefault: networks,
        example: ['192.0.2.0/24'],
      }),
      domains: setting(z.array(domainName), { about: domains, byDefault: [], example: ['example.net'] }),
    }),
    { about, byDefault: {} },
  )

export const policyFile = z.strictObject({
  dnsbl: setting(z.array(list), {
    about: 'Lists that are asked over DNS, all at the same time.',
    byDefault: [],
    example: [
      { zone: 'zen.spamhaus.org', on: 'refuse' },
      { zone: 'dbl.spamhaus.org', of: 'domains', on: 'tag' },
      {
        zone: 'zen.dq.spamhaus.net',
        keyFile: 'spamhaus.key',
        codes: ['127.0.0.2', '127.0.0.3'],
        on: 'refuse',
      },
      { zone: 'bl.example.net', meanings: { '127.0.0.2': 'spam source' }, weight: 2 },
    ],
  }),
  score: setting(score, {
    about: 'What the weights of lists lead to when they are added up.',
    byDefault: {},
  }),
  spf: setting(spf, { about: 'Whether the sender’s domain lets the client send for it.', byDefault: {} }),
  dkim: setting(dkim, { about: 'The best that any signature of the message has.', byDefault: {} }),
  dmarc: setting(dmarc, { about: 'What the owner of the From domain asks for.', byDefault: {} }),
  arc: setting(arc, { about: 'Whose word counts for mail that was handed on.', byDefault: {} }),
  helo: setting(helo, { about: 'What the client calls itself.', byDefault: {} }),
  reverseName: setting(reverseName, { about: 'The name of the client’s address (PTR).', byDefault: {} }),
  author: setting(author, { about: 'Whom the message says it is from.', byDefault: {} }),
  rates: setting(z.array(rate), {
    about: 'How many messages are let through in a time.',
    byDefault: [],
    example: [{ of: 'address', messages: 100, per: '1m', on: 'defer' }],
  }),
  karma: optional(karma, {
    about: 'How the client’s network behaved so far.',
    example: { below: -10, on: 'defer' },
  }),
  greylist: setting(greylist, { about: 'How those are put off whom a rule greylists.', byDefault: {} }),
  allow: names({
    about: 'Who passes all other rules. At clients of these networks nobody even looks.',
    domains: 'Of senders for whom SPF vouches, of authors for whom DMARC does; and all below.',
    networks: ['127.0.0.0/8', '::1/128'],
  }),
  block: names({
    about: 'Who is refused.',
    domains: 'Of senders, EHLO, reverse names and authors; and all below.',
    networks: [],
  }),
})
export type PolicyFile = z.output<typeof policyFile>

/** A domain in both spellings: clients say the one (SMTPUTF8) or the other. */
const bothSpellings = (domains: readonly string[]): string[] => [
  ...new Set(domains.flatMap((domain) => [asciiDomain(domain), readableDomain(domain)])),
]
const spelledOut = (list: PolicyFile['allow']): PolicyFile['allow'] => ({
  ...list,
  domains: bothSpellings(list.domains),
})

/** Data only, without what is nobody's business: keys of lists. */
export const rulesOf = ({
  dnsbl,
  score: { tag, defer, refuse },
  karma: low,
  ...rest
}: PolicyFile): Rules => ({
  ...rest,
  arc: { trusted: rest.arc.trusted.map(asciiDomain) },
  allow: spelledOut(rest.allow),
  block: spelledOut(rest.block),
  dnsbl: dnsbl.map(({ zone, of, on, codes, error, weight }) => ({
    ...{ zone, of, on, error, weight },
    ...(codes && { codes }),
  })),
  score: { tag: tag ?? null, defer: defer ?? null, refuse: refuse ?? null },
  karma: low ?? null,
})

export const policy = optional(policyFile, {
  about:
    'Rules for mail from other servers: what each finding leads to: ignore, tag (the mail goes to Junk), greylist, defer, refuse. A path of a file with these sections, or the sections here. In a playground nobody is examined unless this is given.',
})

/** What holds where nothing is said. */
export const usualPolicy: PolicyFile = policyFile.parse({})
