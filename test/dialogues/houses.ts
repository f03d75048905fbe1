/** The servers at which dialogues are held: one for each set of settings, started when first asked for. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from '../../machines/vocabulary/events.ts'
import { makeCertificate } from '../../src/config/own-certificate.ts'
import { type Account, type Settings, scratch, startTestServer, type TestServer } from '../server.ts'

export const accounts: readonly Account[] = [
  { addresses: ['alice@example.org', 'a.liddell@example.org'], password: 'open sesame' },
  { addresses: ['bob@example.org'], password: 'tr0mbone, twice' },
  { addresses: ['"carol ann"@example.org'], password: 'quite quoted' },
  { addresses: ['dörte@müller.example'], password: 'strasse nach norden' },
  { addresses: ['keeper@catch.example'], password: 'everything else' },
]

const domains = [
  { name: 'example.org' },
  { name: 'müller.example' },
  { name: 'catch.example', catchAll: 'keeper@catch.example' },
]

type House = { readonly service: Service; readonly settings: Settings }

const people: readonly Account[] = [...accounts, { addresses: ['demo@localhost'], password: 'open sesame' }]

const playground: Settings = { playground: true, hostname: 'localhost', domains: [] }

/** Here nobody is a stranger: no name server is asked about the clients that dialogues make up. */
const known: Settings = { policy: { allow: { networks: ['0.0.0.0/0', '::/0'] } } }

const houses: Readonly<Record<string, House>> = {
  mx: { service: 'mx', settings: { domains, ...known } },
  submission: { service: 'submission', settings: { domains } },
  submissions: { service: 'submissions', settings: { domains } },
  playground: { service: 'mx', settings: playground },
  'playground-submission': { service: 'submission', settings: playground },
}

const certificates = scratch('tls')
/** Certificates for the two names this server has. */
const twoNames = async (): Promise<Settings> => {
  mkdirSync(certificates, { recursive: true })
  const tls = ['mx.example.org', 'mail.other.example'].map(async (hostname) => {
    const pem = await makeCertificate({ hostname, now: new Date() })
    const [certificate, key] = [join(certificates, `${hostname}.pem`), join(certificates, `${hostname}.key`)]
    writeFileSync(certificate, pem.cert)
    writeFileSync(key, pem.key, { mode: 0o600 })
    return { certificate, key, names: [hostname] }
  })
  return { tls: await Promise.all(tls) }
}
let shared: Promise<Settings> | null = null

const running = new Map<string, Promise<TestServer>>()

const start = async ({ settings }: House, over: Settings): Promise<TestServer> => {
  shared ??= twoNames()
  const server = await startTestServer({ ...(await shared), ...settings, ...over })
  for (const account of people) await server.addAccount(account)
  return server
}

export type Called = { readonly server: TestServer; readonly port: number; readonly service: Service }

/** Dialogues with the same name here are held at the same server. */
export const houseOf = (
  { policy = 'mx', fresh, plain: _, ...over }: Readonly<Record<string, unknown>>,
  dialogue: string,
): string => {
  const { settings } = houseNamed(policy)
  if (fresh) return `a server for ${dialogue}`
  const changes = Object.keys(over).length === 0 ? '' : `, ${JSON.stringify(over)}`
  return `${settings === playground ? 'the playground' : 'example.org'}${changes}`
}

const houseNamed = (policy: unknown): House => {
  const house = houses[String(policy)]
  if (!house) throw new Error(`there is no house ${policy}`)
  return house
}

/** The server a dialogue's `@` lines ask for, known as `key`. */
export const callAt = async (asked: Readonly<Record<string, unknown>>, key: string): Promise<Called> => {
  const { policy = 'mx', fresh: _, plain: __, ...over } = asked
  const house = houseNamed(policy)
  const starting = running.get(key) ?? start(house, over)
  running.set(key, starting)
  const server = await starting
  return { server, port: server.port(house.service), service: house.service }
}

export const everyHouse = (): Promise<readonly TestServer[]> => Promise.all(running.values())
