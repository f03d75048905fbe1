/** Aliases of a domain: how they are written, and what can be wrong with them together. */
import { domainToASCII } from 'node:url'
import * as z from 'zod'
import { addressKey, parseAddress, splitAddress, withoutTag } from '../../machines/vocabulary/address.ts'
import type { Path } from './fault.ts'
import { form } from './notes.ts'
import { type Parsed, written } from './values.ts'

/** Bounds on what one alias may stand for. */
export const mostTargets = 100
export const deepestAlias = 10

const isLocalPart = (text: string): boolean => parseAddress(`${text}@example.org`) !== null

const localPart = written(
  'a local part, what stands before the @ (sales)',
  (given): Parsed<string> =>
    isLocalPart(String(given))
      ? { value: String(given) }
      : { wrong: `'${given}' is no local part; write what stands before the @, without the domain` },
)

const parseTarget = (given: unknown): Parsed<string> => {
  if (typeof given !== 'string' && typeof given !== 'number')
    return { wrong: 'must be an address (anna@example.org) or a local part of this domain (anna)' }
  const text = String(given)
  const address = text.includes('@') ? parseAddress(text) : isLocalPart(text) ? text : null
  if (address !== null) return { value: address }
  return { wrong: `'${text}' is no address; write anna@example.org, or anna for one of this domain` }
}

/** One target or several. */
const targets = form(
  z.unknown().transform((given, context): readonly string[] => {
    const list: readonly unknown[] = Array.isArray(given) ? given : [given]
    if (list.length === 0)
      context.addIssue({
        code: 'custom',
        message: 'must name somebody; remove the alias, or give it a target',
      })
    return list.flatMap((target, at) => {
      const parsed = parseTarget(target)
      if ('value' in parsed) return [parsed.value]
      const path = Array.isArray(given) ? [at] : []
      context.addIssue({ code: 'custom', message: parsed.wrong, path })
      return []
    })
  }),
  'an address or a local part of this domain, or a list of them',
)

export const aliases = z.record(localPart, targets)

type Section = Readonly<Record<string, unknown>>
const section = (value: unknown): Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : {}

const asciiName = (name: string): string => domainToASCII(name) || name.toLowerCase()
const keyOf = (address: string): string => {
  const { local, domain } = splitAddress(address)
  return addressKey(`${local}@${asciiName(domain)}`)
}
const taglessKey = (address: string): string => {
  const { local, domain } = splitAddress(address)
  return keyOf(`${withoutTag(local)}@${domain}`)
}

type Written = { readonly path: Path; readonly targets: readonly string[] }
type Fault = { readonly path: Path; readonly message: string }

const targetsIn = (value: unknown, domain: string): readonly string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((target) => {
    const text = String(target)
    if (text.includes('@')) return parseAddress(text) === null ? [] : [text]
    return isLocalPart(text) ? [`${text}@${domain}`] : []
  })

type Book = { readonly aliases: ReadonlyMap<string, Written>; readonly repeated: readonly Fault[] }

/** Every alias of the file by its address. What is wrong with a single one is said elsewhere. */
const bookOf = (domains: readonly unknown[]): Book => {
  const found = new Map<string, Written>()
  const repeated: Fault[] = []
  for (const [at, domain] of domains.entries()) {
    const { name, aliases: written } = section(domain)
    if (typeof name !== 'string') continue
    for (const [local, value] of Object.entries(section(written))) {
      const key = keyOf(`${local}@${name}`)
      const path = ['domains', at, 'aliases', local]
      if (found.has(key)) repeated.push({ path, message: 'is already written above, in another spelling' })
      else found.set(key, { path, targets: targetsIn(value, name) })
    }
  }
  return { aliases: found, repeated }
}

/** The alias an address means; an address with a tag means the alias without it, unless one is written for it. */
const aliasOf = (aliases: Book['aliases'], address: string): string | null =>
  [keyOf(address), taglessKey(address)].find((key) => aliases.has(key)) ?? null

/** The aliases among what `key` stands for; itself, which keeps a copy, is none. */
const nextOf = (aliases: Book['aliases'], key: string): readonly string[] =>
  aliases.get(key)!.targets.flatMap((target) => {
    const next = aliasOf(aliases, target)
    return next === null || next === key ? [] : [next]
  })

type Walk = {
  readonly reached: ReadonlySet<string>
  readonly loop: readonly string[] | null
  readonly deep: boolean
}

/** From one alias to all it leads to, level by level, with the way back to itself if there is one. */
const walk = (aliases: Book['aliases'], start: string): Walk => {
  const from = new Map<string, string>()
  let level: readonly string[] = [start]
  for (let depth = 0; level.length > 0 && depth <= deepestAlias; depth++) {
    const below: string[] = []
    for (const key of level)
      for (const next of nextOf(aliases, key)) {
        if (next === start)
          return { reached: new Set(), loop: [...wayTo(from, start, key), start], deep: false }
        if (from.has(next)) continue
        from.set(next, key)
        below.push(next)
      }
    level = below
  }
  return { reached: new Set(from.keys()), loop: null, deep: level.length > 0 }
}

const wayTo = (from: ReadonlyMap<string, string>, start: string, end: string): readonly string[] => {
  const way = [end]
  while (way[0] !== start) way.unshift(from.get(way[0]!)!)
  return way
}

const standsFor = (aliases: Book['aliases'], start: string, reached: ReadonlySet<string>): number => {
  const all = [start, ...reached].flatMap((key) =>
    aliases.get(key)!.targets.filter((target) => [null, key].includes(aliasOf(aliases, target))),
  )
  return new Set(all.map(keyOf)).size
}

const faultOf = (aliases: Book['aliases'], key: string, told: Set<string>): string | null => {
  const { targets: own } = aliases.get(key)!
  if (own.length > 0 && own.every((target) => aliasOf(aliases, target) === key))
    return 'leads to itself and nobody else; to keep a copy, name others beside it'
  const { reached, loop, deep } = walk(aliases, key)
  if (loop !== null) {
    if (told.has(key)) return null
    for (const member of loop) told.add(member)
    return `leads back to itself: ${loop.join(' -> ')}`
  }
  if (deep) return `leads through more than ${deepestAlias} aliases`
  const count = standsFor(aliases, key, reached)
  return count > mostTargets ? `stands for ${count} addresses; ${mostTargets} are the most` : null
}

/** What contradicts itself among the aliases of `domains`, as the file has them. */
export const aliasFaults = (domains: readonly unknown[]): readonly Fault[] => {
  const { aliases: book, repeated } = bookOf(domains)
  const told = new Set<string>()
  const faults = [...book].flatMap(([key, { path }]) => {
    const message = faultOf(book, key, told)
    return message === null ? [] : [{ path, message }]
  })
  return [...repeated, ...faults]
}
