/**
 * The configuration, and everything that is said about it: types, checks, `config sample` and the reference are all
 * read from here.
 */
import * as z from 'zod'
import { aliases } from './aliases.ts'
import { delivery, dns } from './delivery.ts'
import { http } from './http.ts'
import { logging } from './logging.ts'
import { form, optional, required, setting } from './notes.ts'
import { policy } from './policy.ts'
import { retention } from './retention.ts'
import { telemetry } from './telemetry.ts'
import {
  contentPlace,
  count,
  domainName,
  duration,
  listenAddress,
  logPlace,
  mailAddress,
  network,
  path,
  port,
  serverName,
  size,
} from './values.ts'
import { webhooks } from './webhooks.ts'

const listener = z.strictObject({
  service: required(z.enum(['mx', 'submission', 'submissions', 'http']), {
    about:
      'mx: mail from other servers. submission: mail from accounts, STARTTLS. submissions: the same under TLS from the first byte. http: page and API, health and figures, see http below.',
    example: 'mx',
  }),
  address: required(listenAddress, { about: 'Where to listen.', example: '0.0.0.0' }),
  port: required(port, { about: 'Below 1024 most systems want a privilege.', example: 25 }),
})

const certificate = z.strictObject({
  certificate: required(path, {
    about: 'PEM file: the certificate, then its intermediates.',
    example: 'cert.pem',
  }),
  key: required(path, { about: 'PEM file: the private key that belongs to it.', example: 'key.pem' }),
  names: setting(z.array(serverName), {
    about: 'Server names this certificate is shown for. Without: the names in the certificate.',
    byDefault: [],
    example: ['mx.example.org'],
  }),
})

const dkimKey = z.strictObject({
  selector: required(domainName, {
    about: 'The name under _domainkey where the public half is published.',
    example: 's1',
  }),
  key: required(path, {
    about: 'PEM file: the private key, RSA (2048 bits or more) or Ed25519.',
    example: 'dkim/s1.pem',
  }),
})

const domain = z.strictObject({
  name: required(domainName, { about: 'Mail for this domain is ours.', example: 'example.org' }),
  catchAll: optional(mailAddress, {
    about:
      'The account that gets what is addressed to nobody in particular. Without: such recipients are refused.',
    example: 'postmaster@example.org',
  }),
  aliases: optional(aliases, {
    about:
      'Who gets what is addressed to a local part: addresses of ours, of other hosts (it is forwarded, with a sender of this domain), or other aliases. An address that names itself among its targets keeps a copy.',
    example: { sales: ['anna@example.org', 'carol@example.net'], info: 'sales' },
  }),
  dkim: setting(z.array(dkimKey), {
    about: 'Keys that sign mail leaving this domain.',
    byDefault: [],
    example: [{ selector: 's1', key: 'dkim/s1.pem' }],
  }),
})

const proxy = z.strictObject({
  trusted: setting(z.array(network), {
    about: 'Networks of the proxies in front of this server; nobody else may name another client.',
    byDefault: [],
    example: ['127.0.0.1/32'],
  }),
  protocols: setting(z.array(z.enum(['xclient', 'proxy'])), {
    about: 'xclient: the SMTP command. proxy: the PROXY header, versions 1 and 2.',
    byDefault: ['xclient', 'proxy'],
  }),
})

const newlines = z.enum(['refuse', 'repair'])
const bareNewlines = z.strictObject({
  mx: setting(newlines, { about: 'From other servers.', byDefault: 'refuse' }),
  submission: setting(newlines, {
    about: 'From accounts, on submission and submissions.',
    byDefault: 'repair',
  }),
})

const window = form(
  duration.refine((given) => given >= 60_000 && given <= 30 * 86_400_000, 'must be from 1m to 30d'),
  'a duration (1h)',
)

const loginFailures = z.strictObject({
  perSession: setting(count, {
    about: 'Failed logins in one session, after which it is ended.',
    byDefault: 3,
  }),
  perAddress: setting(count, {
    about: 'Failed logins from one address (IPv6: one /64) within the window, after which none is tried.',
    byDefault: 20,
  }),
  perAccount: setting(count, {
    about:
      'Failed logins for one account within the window, after which only addresses that logged in before are heard.',
    byDefault: 50,
  }),
  window: setting(duration, { about: 'How long a failure counts.', byDefault: '15m' }),
})

const accountSending = z.strictObject({
  messages: optional(count, { about: 'Messages to other hosts.', example: 5000 }),
  recipients: optional(count, { about: 'Recipients elsewhere, over all of them.', example: 20_000 }),
})

const sending = z.strictObject({
  messages: setting(count, { about: 'Messages to other hosts.', byDefault: 500 }),
  recipients: setting(count, { about: 'Recipients elsewhere, over all of them.', byDefault: 1000 }),
  per: setting(window, { about: 'Within this time.', byDefault: '1h' }),
  accounts: setting(z.record(mailAddress, accountSending), {
    about: 'Accounts that may send more, or less.',
    byDefault: {},
    example: { 'news@example.org': { messages: 5000, recipients: 20_000 } },
  }),
})

const limits = z.strictObject({
  messageSize: setting(size, {
    about: 'Largest message, announced to clients (SIZE).',
    byDefault: '50mb',
  }),
  recipients: setting(count, { about: 'Most recipients of one message.', byDefault: 1000 }),
  contentLine: setting(size, {
    about: 'Longest line of a message. The standard says 998 bytes; much real mail has more.',
    byDefault: '64kb',
  }),
  sessions: setting(count, { about: 'Most sessions at a time; one more gets 421.', byDefault: 2000 }),
  sessionsPerAddress: setting(count, {
    about: 'Most sessions at a time from one address (IPv6: one /64).',
    byDefault: 50,
  }),
  commandTimeout: setting(duration, {
    about: 'How long a client may be silent between commands.',
    byDefault: '5m',
  }),
  dataTimeout: setting(duration, {
    about: 'How long a client may take between two pieces of a message.',
    byDefault: '10m',
  }),
  greetingPause: setting(duration, {
    about:
      'How long the greeting waits on mx; a client that speaks before it is refused. 0: no pause. A few seconds catch simple spam programs.',
    byDefault: '0s',
  }),
  errors: setting(count, {
    about: 'Refused commands since the last accepted message, after which a session is ended.',
    byDefault: 20,
  }),
  idleCommands: setting(count, {
    about: 'NOOP, RSET, VRFY and the like since the last accepted message, after which a session is ended.',
    byDefault: 100,
  }),
  messages: setting(count, {
    about: 'Messages in one session, after which the client must connect again.',
    byDefault: 10_000,
  }),
  received: setting(count, {
    about: 'Received lines above which a message is taken for looping.',
    byDefault: 100,
  }),
  loginFailures: setting(loginFailures, { about: 'When guessing of passwords is stopped.', byDefault: {} }),
  sending: setting(sending, {
    about:
      'What one account may send to other hosts. What is more is taken and held, until it is released or cancelled; mailboxes here are not concerned.',
    byDefault: {},
  }),
  shutdownGrace: setting(duration, {
    about: 'How long messages under way may take to finish when the server is told to stop.',
    byDefault: '30s',
  }),
})

/** Below a second a busy machine would be taken for dead; beyond ten minutes nobody would be waited for. */
const lease = form(
  duration.refine((given) => given >= 1000 && given <= 600_000, 'must be from 1s to 10m'),
  'a duration (15s)',
)

const cluster = z.strictObject({
  node: optional(domainName, {
    about:
      'What this server is called among those that share its log: a name of its own. Without: the host name.',
    example: 'mx1.example.org',
  }),
  lease: setting(lease, {
    about: 'How long a server may be silent before the others take its work over.',
    byDefault: '15s',
  }),
})

export const schema = z.strictObject({
  hostname: required(domainName, {
    about: 'The name this server calls itself; its address record and the MX records should agree with it.',
    example: 'mx.example.org',
  }),
  playground: setting(z.boolean(), {
    about:
      'For trying out and for capturing an application’s mail: every address is local, one account demo@localhost, loopback only. Without a configuration file this is on.',
    byDefault: false,
  }),
  data: setting(path, { about: 'Where everything is kept: log, messages, views.', byDefault: './data' }),
  log: setting(logPlace, {
    about:
      'Where the events are kept. sqlite: in the data folder. kurrentdb://user:password@host:2113 (or esdb://, or kurrentdb+discover:// for a cluster): in an EventStoreDB 22.10 or later, or KurrentDB; with ?streamPrefix=name_ beside others.',
    byDefault: 'sqlite',
  }),
  cluster: setting(cluster, {
    about: 'Several servers on one log (KurrentDB). With sqlite there is one, and this has no effect.',
    byDefault: {},
  }),
  content: setting(contentPlace, {
    about:
      'Where large messages are kept. files: in the data folder. s3://bucket/prefix?endpoint=https://host&region=name: in an S3-compatible bucket; key and secret from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or as KEY:SECRET@ before the bucket.',
    byDefault: 'files',
  }),
  listeners: setting(z.array(listener).min(1), {
    about: 'What listens where.',
    offered: {
      about:
        'Without the # at the beginning of the next line there are the page, the Web API, health and figures, on this machine: whoever has an account logs in.',
      entry: { service: 'http', address: '127.0.0.1', port: 8025 },
    },
    byDefault: [
      { service: 'mx', address: '0.0.0.0', port: 25 },
      { service: 'submission', address: '0.0.0.0', port: 587 },
      { service: 'submissions', address: '0.0.0.0', port: 465 },
    ],
  }),
  tls: setting(
    form(
      z.preprocess(
        (given) => (Array.isArray(given) || given === undefined ? given : [given]),
        z.array(certificate),
      ),
      'a certificate, or a list of them with names',
    ),
    {
      about:
        'Certificates, read again on SIGHUP. A list shows each for its names (SNI), the first for all others. Without: a self-signed one, made once.',
      byDefault: [],
      example: { certificate: 'cert.pem', key: 'key.pem' },
    },
  ),
  returnPathKey: optional(path, {
    about:
      'File with the key that signs the senders of forwarded mail (SRS). Servers on one log want the same one. Without: srs.key in the data folder, made once.',
    example: 'srs.key',
  }),
  domains: setting(z.array(domain), {
    about: 'Domains whose mail is ours; more can be added with `fsmtp domain add`.',
    byDefault: [],
    example: [{ name: 'example.org', catchAll: 'postmaster@example.org', aliases: { info: 'postmaster' } }],
  }),
  bareNewlines: setting(bareNewlines, {
    about:
      'What happens to a message in which CR or LF stands alone, a trick used to smuggle mail: refuse it, or repair it to CRLF.',
    byDefault: {},
  }),
  proxy: setting(proxy, {
    about: 'Who may tell us the client’s real address and name.',
    byDefault: {},
  }),
  limits: setting(limits, { about: 'Bounds on what one client, and all together, may use.', byDefault: {} }),
  delivery,
  dns,
  policy,
  http,
  webhooks,
  telemetry,
  logging,
  retention,
})

/** The effective configuration: durations in milliseconds, sizes in bytes, paths absolute. */
export type Config = z.output<typeof schema>
export type Listener = Config['listeners'][number]
