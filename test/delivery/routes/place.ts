/** Routes over a name server of the test's own. */
import type { networkInterfaces } from 'node:os'
import type { TestContext } from 'node:test'
import type { Route } from '../../../machines/vocabulary/events.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import { NoRoute, type Routes } from '../../../src/delivery/port.ts'
import { createRoutes, type RoutesOptions } from '../../../src/delivery/routes/index.ts'
import { type Failure, type Records, startDns, type Zone } from '../../dns/server.ts'

export const configOf = (delivery: string, dns: string): Config =>
  parseConfig(
    `hostname: mx.here.test
listeners: [{ service: mx, address: 127.0.0.1, port: 2525 }]
delivery: { ${delivery} }
dns: { ${dns} }
`,
    { shown: 'fsmtp.yaml', file: '/etc/fsmtp.yaml', folder: '/etc', data: null },
  ).config

const list = (given: readonly string[] = [], more: string): readonly string[] => [...given, more]

const withLine = (records: Records, kind: string, words: readonly string[]): Records => {
  const last = words.at(-1) ?? ''
  if (kind === 'MX') return { ...records, MX: [...(records.MX ?? []), [Number(words[0]), last]] }
  if (kind === 'CNAME') return { ...records, CNAME: last }
  if (kind === 'A' || kind === 'AAAA' || kind === 'TXT')
    return { ...records, [kind]: list(records[kind], last) }
  const failure = last as Failure
  return { ...records, fails: kind === 'fails' ? failure : { [kind.replace('fails-', '')]: failure } }
}

/** `a.test MX 10 mx.test`, one record a line; `fails SERVFAIL` for all of a name, `fails-A SERVFAIL` for one type. */
export const zoneOf = (text: string): Zone => {
  const zone: Zone = {}
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [name = '', kind = '', ...words] = line.split(' ')
    zone[name] = withLine(zone[name] ?? {}, kind, words)
  }
  return zone
}

export type Given = RoutesOptions & {
  readonly zone?: Zone
  /** Keys of the section, in flow style. */
  readonly delivery?: string
  readonly timeout?: string
}

export type Place = { readonly routes: Routes; readonly asked: readonly string[]; readonly config: Config }

const noInterfaces: typeof networkInterfaces = () => ({})

/** Chance keeps the order, and this machine has no IPv6, unless `given` says otherwise. */
export const placeWith = async (context: TestContext, given: Given): Promise<Place> => {
  const { zone = {}, delivery = '', timeout = '5s', ...others } = given
  const server = await startDns(zone)
  context.after(() => server.close())
  const config = configOf(delivery, `servers: ["${server.address}"], timeout: ${timeout}`)
  const routes = createRoutes(config, { random: () => 0.999, interfaces: noInterfaces, ...others })
  return { routes, asked: server.asked, config }
}

export const hostText = ({ hosts }: Route): string =>
  hosts.map(({ name, address, port }) => `${name} [${address}]:${port}`).join(', ')

/** The way in one line, or why there is none. */
export const wayTo = async (routes: Routes, nextHop: string): Promise<string> => {
  try {
    const route = await routes.resolve(nextHop, new AbortController().signal)
    return `${route.kind} ${route.protocol} ${route.tls}: ${hostText(route)}`
  } catch (error) {
    if (!(error instanceof NoRoute)) throw error
    const { kind, temporary, text } = error.fault
    return `${kind} ${temporary ? 'for now' : 'for good'}: ${text}`
  }
}
