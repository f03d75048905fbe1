/** What is served over HTTP, and to whom. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { form, setting } from './notes.ts'
import { count, duration, mailAddress, network, type Parsed, parseDomain, pause, written } from './values.ts'

/** In lower case, an address without brackets. */
const hostName = written('a host name (mail.example.org) or an IP address', (given): Parsed<string> => {
  const text = String(given).replace(/^\[(.*)\]$/, '$1')
  const name = isIP(text) !== 0 ? text.toLowerCase() : parseDomain(text)
  return name === null
    ? { wrong: `'${given}' is no host name; write it like mail.example.org, without http:// and port` }
    : { value: name }
})

const metrics = z.strictObject({
  networks: setting(z.array(network), {
    about:
      'Who may ask for /metrics, beside this machine itself and who has a key. Health and readiness are open to all.',
    byDefault: [],
    example: ['10.0.0.0/8'],
  }),
})

const lifetime = form(
  duration.refine((given) => given >= 60_000 && given <= 365 * 86_400_000, 'must be from 1m to 365d'),
  'a duration (12h)',
)

const rate = z.strictObject({
  requests: setting(count, {
    about: 'Requests of one client (IPv6: one /64); one more gets 429.',
    byDefault: 6000,
  }),
  per: setting(pause, { about: 'Within this time.', byDefault: '1m' }),
})

export const http = setting(
  z.strictObject({
    accounts: setting(z.boolean(), {
      about:
        'Accounts may log in with their mail password. Without it there are only keys (`fsmtp key add`), and a server that has none does not start.',
      byDefault: true,
    }),
    administrators: setting(z.array(mailAddress), {
      about: 'Accounts that see and do everything. All others see their own mail and what concerns it.',
      byDefault: [],
      example: ['postmaster@example.org'],
    }),
    loginLifetime: setting(lifetime, {
      about: 'How long a login lasts. It ends before that with the password, or when it is revoked.',
      byDefault: '7d',
    }),
    plainLogin: setting(z.boolean(), {
      about:
        'Passwords are taken over plain HTTP from other machines, too. Without it from this machine only, or over HTTPS as one of `proxies` says.',
      byDefault: false,
    }),
    proxies: setting(z.array(network), {
      about:
        'Proxies in front of the http listeners: their X-Forwarded-For and X-Forwarded-Proto are believed. Name them, or all who come through them are one client.',
      byDefault: [],
      example: ['127.0.0.1/32'],
    }),
    allowedHosts: setting(z.array(hostName), {
      about:
        'Host names that requests may be for, beside `hostname`, localhost and the address that was connected to; others are refused.',
      byDefault: [],
      example: ['mail.example.org'],
    }),
    rate: setting(rate, {
      about: 'What one client may ask for. This machine itself may ask without limit.',
      byDefault: {},
    }),
    metrics: setting(metrics, { about: 'Figures for Prometheus.', byDefault: {} }),
  }),
  {
    about: 'What the listeners of service http answer, and to whom.',
    byDefault: {},
  },
)
