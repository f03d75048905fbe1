/**
 * What no single value can know: settings that contradict each other. They look at the file as it was written, so that
 * a fault elsewhere hides none of these.
 */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'
import { aliasFaults } from './aliases.ts'
import type { Path } from './fault.ts'

export type Contradiction = { readonly path: Path; readonly message: string }

type Section = Readonly<Record<string, unknown>>

const section = (value: unknown): Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : {}
const sections = (value: unknown): readonly Section[] => (Array.isArray(value) ? value.map(section) : [])

/** Complains about every entry whose key was there before. */
const repeated = (
  keys: readonly (string | null)[],
  complain: (at: number) => Contradiction,
): Contradiction[] =>
  keys.flatMap((key, at) => (key !== null && keys.indexOf(key) < at ? [complain(at)] : []))

const sameListener = (raw: Section): Contradiction[] => {
  const keys = sections(raw.listeners).map(({ address, port }) => (port === 0 ? null : `${address} ${port}`))
  return repeated(keys, (at) => ({
    path: ['listeners', at],
    message: 'address and port are already taken by a listener above',
  }))
}

const asciiName = (name: unknown): string => domainToASCII(String(name)) || String(name).toLowerCase()

const sameDomain = (raw: Section): Contradiction[] => {
  const names = sections(raw.domains).map(({ name }) => (name === undefined ? null : asciiName(name)))
  return repeated(names, (at) => ({ path: ['domains', at, 'name'], message: 'is already listed above' }))
}

const catchAllElsewhere = (raw: Section): Contradiction[] => {
  const domains = sections(raw.domains)
  const ours = new Set(domains.map(({ name }) => asciiName(name)))
  return domains.flatMap(({ catchAll }, at) => {
    if (
      typeof catchAll !== 'string' ||
      !catchAll.includes('@') ||
      ours.has(asciiName(catchAll.slice(catchAll.lastIndexOf('@') + 1)))
    )
      return []
    const message = `'${catchAll}' is not in one of these domains; mail cannot be caught by a foreign address`
    return [{ path: ['domains', at, 'catchAll'], message }]
  })
}

const aliasesAstray = (raw: Section): readonly Contradiction[] => aliasFaults(sections(raw.domains))

const isLoopback = (address: unknown): boolean => {
  if (address === 'localhost') return true
  return isIP(String(address)) !== 0 && ipaddr.parse(String(address)).range() === 'loopback'
}

const openPlayground = (raw: Section): Contradiction[] => {
  if (raw.playground !== true) return []
  return sections(raw.listeners).flatMap(({ address }, at) =>
    address === undefined || isLoopback(address)
      ? []
      : [
          {
            path: ['listeners', at, 'address'],
            message: 'the playground takes any mail from anybody: it listens on 127.0.0.1 or ::1 only',
          },
        ],
  )
}

const noSmarthost = (raw: Section): Contradiction[] => {
  const { route, smarthost } = section(raw.delivery)
  if (route !== 'smarthost' || smarthost !== undefined) return []
  return [{ path: ['delivery', 'route'], message: 'smarthost needs delivery.smarthost to say which' }]
}

const plainUrl = (url: unknown): string => {
  try {
    return new URL(String(url)).href.replace(/#.*$/, '')
  } catch {
    return String(url)
  }
}

/** How far it is told is known by its URL. */
const sameWebhook = (raw: Section): Contradiction[] => {
  const urls = sections(raw.webhooks).map(({ url }) => (url === undefined ? null : plainUrl(url)))
  return repeated(urls, (at) => ({ path: ['webhooks', at, 'url'], message: 'is already listed above' }))
}

/** Everything in `raw` (the file's values, with the playground's filled in) that contradicts something else in it. */
export const contradictions = (raw: unknown): readonly Contradiction[] =>
  [
    sameListener,
    sameDomain,
    catchAllElsewhere,
    aliasesAstray,
    openPlayground,
    noSmarthost,
    sameWebhook,
  ].flatMap((check) => check(section(raw)))
