/** The aliases of the configuration, by address: what is written for each, as it is written. */
import { withoutTag } from '../../machines/vocabulary/address.ts'
import type { Config } from '../config/schema.ts'
import type { Directory } from './directory.ts'
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

export type Stranded = { readonly domain: number; readonly alias: string; readonly address: string }

/** Targets written for an alias that are of ours and nobody's: their mail goes to mailboxes of which nobody may know. */
export const strandedTargets = (
  domains: Config['domains'],
  directory: Pick<Directory, 'place' | 'account'>,
): readonly Stranded[] =>
  domains.flatMap(({ name, aliases = {} }, domain) =>
    Object.entries(aliases).flatMap(([alias, targets]) => {
      const place = directory.place(`${alias}@${name}`)
      const written = new Set(targets.map((target) => targetOf(target, asciiDomain(name))))
      return (place.kind === 'alias' ? place.targets : []).flatMap(({ address, destination }) =>
        written.has(address) &&
        destination.kind === 'mailbox' &&
        directory.account(destination.mailbox) === null
          ? [{ domain, alias, address }]
          : [],
      )
    }),
  )
