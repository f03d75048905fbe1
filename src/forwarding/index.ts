/** Forwarding: the senders with which mail for aliases leaves, and the way back. */
import { splitAddress } from '../../machines/vocabulary/address.ts'
import { loadReturnPathKeys, markOf } from './key.ts'
import { type ReturnPaths, type Reversed, returnPaths } from './return-paths.ts'

/** The envelope sender with which mail of `sender` is forwarded for `alias`; `at` in milliseconds since 1970. */
export type ReturnPath = (sender: string, alias: string, at: number) => string

export type Forwarding = {
  /** What the local part of an address of ours leads to. */
  read(local: string, at: number): Reversed
  /** Senders for whom reports come here anyway keep theirs, and so does the null sender (RFC 5321 §4.5.5). */
  returnPath(isLocal: (domain: string) => boolean): ReturnPath
  /** Marks of the keys, of the one that signs first: servers with one log compare them. */
  readonly marks: readonly string[]
}

const day = 24 * 60 * 60 * 1000
/** Three weeks: hosts try for five days or so, and some tell the sender only then. */
const shortest = 21
/** Days are counted in rounds of 1024. */
const longest = 1000

/** With the keys in `data`, or in the file `key`. `giveUpAfter`: how long we may try ourselves, in milliseconds. @throws CommandFault */
export const openForwarding = async ({
  data,
  key,
  giveUpAfter,
}: {
  readonly data: string
  readonly key?: string | undefined
  readonly giveUpAfter: number
}): Promise<Forwarding> => {
  const lifetime = Math.min(longest, Math.max(shortest, Math.ceil(giveUpAfter / day) + 14))
  const keys = await loadReturnPathKeys(data, key)
  const [paths, ...earlier] = keys.map((key) => returnPaths({ key, lifetime })) as [
    ReturnPaths,
    ...ReturnPaths[],
  ]
  return {
    marks: keys.map(markOf),
    read: (local, at) => {
      const found = paths.unwrap(local, at)
      if (found.kind !== 'forged') return found
      const others = earlier.map((one) => one.unwrap(local, at))
      return others.find(({ kind }) => kind !== 'forged') ?? found
    },
    returnPath: (isLocal) => (sender, alias, at) =>
      sender === '' || isLocal(splitAddress(sender).domain)
        ? sender
        : paths.wrap(sender, splitAddress(alias).domain, at),
  }
}
