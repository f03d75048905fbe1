/** The aliases of the configuration, by address: what is written for each, as it is written. */
import { withoutTag } from '../../machines/vocabulary/address.ts'
import type { Config } from '../config/schema.ts'
import { asciiDomain, keyOf } from './spelling.ts'

/** Addresses an alias is written for; a target without a domain is of the alias's own. */
export type Aliases = ReadonlyMap<string, readonly string[]>

const targetOf = (target: string, domain: string): string =>
  target.includes('@') ? target : `${target}@${domain}`

export const aliasesOf = (domains: Config['domains']): Aliases =>
  new Map(
    domains.flatMap(({ name, aliases = {} }) => {
      const domain = asciiDomain(name)
      return Object.entries(aliases).map(
        ([local, targets]) =>
          [keyOf(`${local}@${domain}`), targets.map((target) => targetOf(target, domain))] as const,
      )
    }),
  )

/** The alias that an address means: its own, or that of the address without its tag, where that is asked for. */
export const aliasFor = (
  aliases: Aliases,
  { local, domain }: { readonly local: string; readonly domain: string },
  { tagged }: { readonly tagged: boolean },
): string | null => {
  if (aliases.size === 0) return null
  const key = `${tagged ? withoutTag(local) : local}@${domain}`
  return aliases.has(key) ? key : null
}
