/** The hosts of a route for the next mail: those of equal preference take turns at being first (RFC 5321 §5.1). */
import type { RemoteHost } from '../../../machines/vocabulary/events.ts'

/** Runs of hosts that `key` says the same of, in their order. */
const runs = (
  hosts: readonly RemoteHost[],
  key: (host: RemoteHost) => unknown,
): readonly (readonly RemoteHost[])[] => {
  const found: RemoteHost[][] = []
  for (const host of hosts) {
    const last = found.at(-1)
    if (last !== undefined && key(last[0]!) === key(host)) last.push(host)
    else found.push([host])
  }
  return found
}

const moved = <Item>(items: readonly Item[], by: number): readonly Item[] => {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

/** `turn` counts the mails; addresses of one host stay together and in their order. Hosts without a preference stay as they are. */
export const rotated = (hosts: readonly RemoteHost[], turn: number): readonly RemoteHost[] =>
  runs(hosts, ({ preference }) => preference ?? {}).flatMap((equals) =>
    moved(
      runs(equals, ({ name }) => name),
      turn,
    ).flat(),
  )
