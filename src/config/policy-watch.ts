/** Notices when the file that holds the policy was written anew, by whatever editor or however it is put there. */
import { unwatchFile, watchFile } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { asError } from '../as-error.ts'
import { type Loaded, type LoadOptions, loadConfig } from './load.ts'
import type { PolicyFile } from './policy.ts'

export type PolicyWatch = {
  /** Another configuration is in force: changes are told from its policy on, in its file. */
  follow(loaded: Loaded): void
  stop(): void
}

type WatchOptions = {
  readonly load: LoadOptions
  readonly changed: (policy: PolicyFile | undefined) => void
  /** It cannot be read: what was in force stays. */
  readonly failed: (error: Error) => void
  /** Milliseconds between two looks. */
  readonly every?: number
  /** Milliseconds after which a policy must still be the same: half a file may be a policy, and a mild one. */
  readonly settling?: number
}

/** Files are looked at, not listened to: what replaces them, or the folder around them, is noticed just as well. */
export const watchPolicy = ({
  load,
  changed,
  failed,
  every = 1000,
  settling = 300,
}: WatchOptions): PolicyWatch => {
  let file: string | null = null
  let known: PolicyFile | undefined
  let timer: NodeJS.Timeout | undefined
  const read = (use: (policy: PolicyFile | undefined) => void): void => {
    clearTimeout(timer)
    try {
      use(loadConfig(load).config.policy)
    } catch (error) {
      failed(asError(error))
    }
  }
  const settle = (seen: PolicyFile | undefined): void => {
    if (isDeepStrictEqual(seen, known)) return
    timer = setTimeout(
      () => read((again) => (isDeepStrictEqual(again, seen) ? take(again) : settle(again))),
      settling,
    )
    timer.unref()
  }
  const take = (policy: PolicyFile | undefined): void => {
    known = policy
    changed(policy)
  }
  const look = (): void => read(settle)
  const stop = (): void => {
    clearTimeout(timer)
    if (file !== null) unwatchFile(file, look)
  }
  return {
    follow: (loaded) => {
      stop()
      known = loaded.config.policy
      file = loaded.policyFile ?? loaded.file
      if (file !== null) watchFile(file, { interval: every, persistent: false }, look)
    },
    stop,
  }
}
