/** Notices when the file that holds the policy was written anew, by whatever editor or however it is put there. */
import { type Stats, stat } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { asError } from '../as-error.ts'
import { type Loaded, type LoadOptions, loadConfig } from './load.ts'
import type { PolicyFile } from './policy.ts'

export type PolicyWatch = {
  /** Another configuration is in force: changes are told from its policy on, in its file. */
  follow(loaded: Loaded): void
  stop(): void
}

export type WatchOptions = {
  readonly load: LoadOptions
  /** Resolves with whether it holds now; where it does not, it is read and told again. */
  readonly changed: (policy: PolicyFile | undefined) => Promise<boolean>
  /** It cannot be read: what was in force stays. Told again with each look, as long as it is so. */
  readonly failed: (error: Error) => void
  /** It was read, whether it is another or not. */
  readonly well?: (policy: PolicyFile | undefined) => void
  /** Milliseconds between two looks. */
  readonly every?: number
  /** Milliseconds after which a policy must still be the same: half a file may be a policy, and a mild one. */
  readonly settling?: number
}

/** What is another when a file was written or replaced. */
const markOf = ({ ino, size, mtimeMs, ctimeMs }: Stats): string => [ino, size, mtimeMs, ctimeMs].join(' ')

/** Files are looked at, not listened to: what replaces them, or the folder around them, is noticed just as well. */
export const watchPolicy = ({
  load,
  changed,
  failed,
  well = () => {},
  every = 1000,
  settling = 300,
}: WatchOptions): PolicyWatch => {
  let watching: NodeJS.Timeout | undefined
  let known: PolicyFile | undefined
  /** Of the file as it was read last. */
  let mark = ''
  let timer: NodeJS.Timeout | undefined
  const read = (use: (policy: PolicyFile | undefined) => void): void => {
    clearTimeout(timer)
    try {
      const { policy } = loadConfig(load).config
      well(policy)
      use(policy)
    } catch (error) {
      // What is wrong may be in another file, or over in a moment: it is read again.
      mark = ''
      failed(asError(error))
    }
  }
  const settle = (seen: PolicyFile | undefined): void => {
    if (isDeepStrictEqual(seen, known)) return
    timer = setTimeout(
      () => read((again) => (isDeepStrictEqual(again, seen) ? void take(again) : settle(again))),
      settling,
    )
    timer.unref()
  }
  const take = async (policy: PolicyFile | undefined): Promise<void> => {
    const before = known
    known = policy
    if ((await changed(policy)) || known !== policy) return
    known = before
    mark = ''
  }
  const stop = (): void => {
    clearTimeout(timer)
    clearInterval(watching)
    // A look that is under way finds nothing any more.
    watching = undefined
  }
  return {
    follow: (loaded) => {
      stop()
      known = loaded.config.policy
      const file = loaded.policyFile ?? loaded.file
      if (file === null) return
      mark = ''
      // The first look reads it in any case: it may have been written since the configuration was loaded.
      const look = (): void =>
        stat(file, (_, found) => {
          const seen = found === undefined ? 'gone' : markOf(found)
          if (seen === mark || own !== watching) return
          mark = seen
          read(settle)
        })
      const own = setInterval(look, every).unref()
      watching = own
    },
    stop,
  }
}
