/** What is served over HTTP, and to whom. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { setting } from './notes.ts'
import { network, type Parsed, parseDomain, written } from './values.ts'

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
    about: 'Who may ask for /metrics, beside this machine itself. Health and readiness are open to all.',
    byDefault: [],
    example: ['10.0.0.0/8'],
  }),
})

export const http = setting(
  z.strictObject({
    accounts: setting(z.boolean(), {
      about: 'Accounts may log in to the web pages. No effect in this release.',
      byDefault: true,
      inert: 'there are no web pages in this release',
    }),
    allowedHosts: setting(z.array(hostName), {
      about:
        'Host names that requests may be for, beside `hostname`, localhost and the address that was connected to; others are refused.',
      byDefault: [],
      example: ['mail.example.org'],
    }),
    metrics: setting(metrics, { about: 'Figures for Prometheus.', byDefault: {} }),
  }),
  { about: 'What the listeners of service http answer: /healthz, /readyz, /metrics.', byDefault: {} },
)
