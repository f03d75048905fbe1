/**
 * Sections of the configuration whose work is not in this release. What concerns sending mail out and HTTP is read,
 * checked and kept; what would change how mail is judged or kept is refused, so that nobody relies on it.
 */
import * as z from 'zod'
import { form, optional, setting } from './notes.ts'
import { count, domainName, duration, keepingTime, nextHop, notYet, port, relayUrl } from './values.ts'

const outbound = 'mail for other domains is kept and waits; sending it out is not in this release'
const noHttp = 'HTTP is not in this release'

const concurrency = z.strictObject({
  total: setting(count, { about: 'Deliveries under way at a time.', byDefault: 200 }),
  perDestination: setting(count, {
    about: 'Of these, to one destination.',
    byDefault: 20,
  }),
})

export const delivery = setting(
  z.strictObject({
    route: setting(z.enum(['direct', 'smarthost', 'capture']), {
      about:
        'direct: to the hosts the MX records name. smarthost: all through one relay. capture: nothing leaves.',
      byDefault: 'direct',
    }),
    smarthost: optional(relayUrl, {
      about: 'The relay, with user and password if it wants them.',
      example: 'smtp://user:pass@relay.example.net:587',
    }),
    routes: setting(z.record(domainName, nextHop), {
      about: 'Next hop by domain, before any MX record.',
      byDefault: {},
      example: { 'example.net': '127.0.0.1:2626' },
    }),
    port: setting(port, { about: 'Port of other mail servers.', byDefault: 25 }),
    retry: setting(z.array(duration).min(1), {
      about: 'Pauses between attempts; the last one repeats.',
      byDefault: ['5m', '15m', '30m', '1h', '2h', '4h'],
    }),
    giveUpAfter: setting(duration, { about: 'When the sender is told that it failed.', byDefault: '5d' }),
    warnAfter: setting(duration, { about: 'When the sender is told that it takes long.', byDefault: '4h' }),
    concurrency: setting(concurrency, { about: 'How much at a time.', byDefault: {} }),
  }),
  { about: 'How mail for other domains leaves. No effect in this release.', byDefault: {}, inert: outbound },
)

const server = /^(?:\[[0-9a-f:.]+\]|[0-9a-f.:]+?)(?::\d{1,5})?$/i

export const dns = setting(
  z.strictObject({
    servers: setting(
      z.array(
        form(z.string().regex(server, 'must be an IP address, with a port if need be'), 'an IP address'),
      ),
      {
        about: 'Name servers to ask. Without: the system’s.',
        byDefault: [],
        example: ['127.0.0.1:5353'],
      },
    ),
    timeout: setting(duration, { about: 'How long an answer may take.', byDefault: '5s' }),
  }),
  {
    about: 'Where names are looked up. No effect in this release.',
    byDefault: {},
    inert: 'nothing is looked up in this release',
  },
)

export const http = setting(
  z.strictObject({
    accounts: setting(z.boolean(), { about: 'Accounts may log in to the web pages.', byDefault: true }),
    allowedHosts: setting(z.array(domainName), {
      about: 'Host names the web pages may be reached under.',
      byDefault: [],
      example: ['mail.example.org'],
    }),
  }),
  { about: 'The web pages. No effect in this release.', byDefault: {}, inert: noHttp },
)

/** Said of a listener of service http. */
export const httpListenerNote = `${noHttp}; this listener is not opened`

export const policy = optional(
  notYet(
    'a path, or the rules themselves',
    'rules about DNSBL, SPF, DKIM, DMARC, rates, allow and block are not in this release yet; remove this section',
  ),
  {
    about: 'Rules that say how facts about a client become verdicts. Not in this release: refused.',
    example: './policy.yaml',
  },
)

export const webhooks = optional(
  notYet('a list of hooks', 'webhooks are not in this release yet; remove this section'),
  {
    about: 'URLs that are told about events. Not in this release: refused.',
    example: [{ url: 'http://127.0.0.1:9000/hook', events: ['Delivered', 'Failed'], secretFile: 'hook.key' }],
  },
)

const forever = form(
  keepingTime.transform((given, context): null => {
    if (given === null) return null
    context.addIssue({
      code: 'custom',
      message: 'removing old history is not in this release yet; only forever is possible',
    })
    return z.NEVER
  }),
  'forever (a duration: not in this release)',
)

export const retention = setting(
  z.strictObject({
    sessions: setting(forever, { about: 'Histories of sessions.', byDefault: 'forever' }),
    refusedSessions: setting(forever, {
      about: 'Histories of sessions that brought no mail.',
      byDefault: 'forever',
    }),
    content: setting(forever, { about: 'Messages.', byDefault: 'forever' }),
  }),
  { about: 'How long things are kept. In this release everything is kept.', byDefault: {} },
)
