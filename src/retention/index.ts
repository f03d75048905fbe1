/** Forgets what the configuration keeps no longer, in small portions, again and again. */
import { setTimeout as pause } from 'node:timers/promises'
import { now } from '../actors/identity.ts'
import { asError } from '../as-error.ts'
import type { Membership } from '../nodes/index.ts'
import { openViews, type ViewReader } from '../views/index.ts'
import { Due, type Looking, rules } from './due.ts'
import { type ForgettingParts, finish, forgetPortion } from './forgetting.ts'
import { type Ages, agesOf, keepsEverything, periodOf, type RetentionConfig } from './rules.ts'

export type { Ages } from './rules.ts'

export type Forgotten = { readonly histories: number; readonly bodies: number }

export type SweepParts = ForgettingParts & {
  readonly views: Pick<ViewReader, 'endedSessions' | 'oldMessages'>
  readonly due: Due
  /** Asked before each portion. */
  readonly mayGoOn?: () => boolean
  /** Milliseconds to leave to others for each of our own. */
  readonly restPerWork?: number
}

/** Everything that is due now. @throws what the log, the views and the store throw */
export const sweep = async (parts: SweepParts, ages: Ages): Promise<Forgotten> => {
  const { due, mayGoOn = () => true, restPerWork = 0 } = parts
  let [histories, bodies] = [0, 0]
  await finish(parts)
  for (const rule of rules)
    for await (const portion of due.portions(rule, { ages, now: now() })) {
      if (!mayGoOn()) {
        due.again()
        return { histories, bodies }
      }
      const began = performance.now()
      await forgetPortion(parts, portion)
      if (rule === 'content') bodies += portion.ids.length
      else histories += portion.ids.length
      if (restPerWork > 0) await pause((performance.now() - began) * restPerWork, undefined, { ref: false })
    }
  return { histories, bodies }
}

export type RetentionOptions = Omit<ForgettingParts, 'node' | 'log'> & {
  readonly log: ForgettingParts['log'] & Parameters<typeof openViews>[0]['log']
  readonly members: Pick<Membership, 'node' | 'isAlive' | 'others'>
  readonly config: { readonly retention: RetentionConfig }
  /** What webhooks have still to be told. */
  readonly untold?: Looking['untold']
  readonly notices: {
    readonly info: (what: string) => void
    readonly warn: (what: string, error?: Error) => void
  }
}

export type Retention = {
  reload(config: RetentionOptions['config']): void
  stop(): Promise<void>
}

/** Mail goes first: four fifths of the time belong to it. */
const restPerWork = 4
/** After so many looks, everything is looked at again: a held mail may have been released, an open session ended. */
const looksForAll = 24

export const startRetention = (options: RetentionOptions): Retention => {
  const { members, notices, directory, log } = options
  const stopping = new AbortController()
  const views = openViews({ directory, log })
  const due = new Due({ log, views, untold: options.untold })
  let wasHeld = false
  let ages = agesOf(options.config.retention)
  const mayGoOn = (): boolean => !stopping.signal.aborted && isFirst(members)
  const parts: SweepParts = { ...options, node: members.node, views, due, mayGoOn, restPerWork }
  const look = async (): Promise<void> => {
    if (keepsEverything(ages) || !mayGoOn()) return
    await views.caughtUp()
    const { histories, bodies } = await sweep(parts, ages)
    if (due.isHeld && !wasHeld)
      notices.warn(
        'retention waits: a webhook is not told yet of sessions that would be forgotten; `fsmtp webhooks` says which, and why',
      )
    wasHeld = due.isHeld
    if (histories + bodies > 0)
      notices.info(`retention: ${histories} histories and ${bodies} bodies of messages were forgotten`)
  }
  const looking = (async () => {
    for (let looks = 1; !stopping.signal.aborted; looks++) {
      await rest(periodOf(ages), stopping.signal)
      if (looks % looksForAll === 0) due.again()
      await look().catch((error) => {
        due.again()
        if (!stopping.signal.aborted)
          notices.warn('what is kept no longer could not be forgotten; it is tried again', asError(error))
      })
    }
  })()
  return {
    reload: ({ retention }) => {
      ages = agesOf(retention)
      due.again()
    },
    stop: async () => {
      stopping.abort()
      await looking
      views.close()
    },
  }
}

/** Of several servers one does it: the first by name of those that live. */
export const isFirst = (members: RetentionOptions['members']): boolean =>
  members.isAlive() && (members.others()?.every((other) => members.node < other) ?? false)

const rest = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  pause(milliseconds, undefined, { signal, ref: false }).catch(() => {})
