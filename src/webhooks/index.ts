/** Webhooks: who is told over HTTP what is recorded. */
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { asError } from '../as-error.ts'
import type { Config } from '../config/schema.ts'
import { giveBack } from './given-back.ts'
import { overview, type WebhookState } from './overview.ts'
import { bareSecrets, type Hook, loadHooks } from './secrets.ts'
import { Sender, type SenderParts, type WebhookCounts } from './sender.ts'
import { category, webhookStream } from './standing.ts'

export type Webhooks = {
  /** @throws ConfigFault; then nothing has changed */
  reload(config: Pick<Config, 'webhooks'>): Promise<void>
  /** How each is, as the log tells. */
  states(): Promise<readonly WebhookState[]>
  /** What this server has sent to each. */
  counts(): readonly WebhookCounts[]
  stop(): Promise<void>
}

export type WebhooksOptions = Omit<SenderParts, 'hook'> & { readonly config: Pick<Config, 'webhooks'> }

/** Milliseconds before a log that could not be followed is followed again. */
const retryAfter = 1_000

/** @throws ConfigFault where a secret cannot be read */
export const startWebhooks = async ({ config, ...parts }: WebhooksOptions): Promise<Webhooks> => {
  const { log, warn } = parts
  const stopping = new AbortController()
  let senders: readonly Sender[] = []

  const use = async (hooks: readonly Hook[]): Promise<void> => {
    const isKept = ({ hook }: Sender): boolean => hooks.some((other) => isDeepStrictEqual(other, hook))
    const isThere = ({ hook }: Sender): boolean => hooks.some(({ url }) => url === hook.url)
    const kept = senders.filter(isKept)
    const ended = senders.filter((sender) => !isKept(sender))
    senders = kept
    await Promise.all(ended.map((sender) => sender.stop({ release: !isThere(sender) })))
    const fresh = hooks.filter((hook) => !kept.some((sender) => sender.hook.url === hook.url))
    senders = [...kept, ...fresh.map((hook) => new Sender({ ...parts, hook }))]
    if (senders.length > 0) following ??= follow(await log.tail())
  }

  /** What other servers and commands say of webhooks. */
  const follow = async (after: number): Promise<void> => {
    let next = after
    while (!stopping.signal.aborted)
      try {
        const asked = { filter: { categories: [category] }, signal: stopping.signal }
        for await (const page of log.subscribe(next, asked))
          for (const event of page) {
            next = event.position
            for (const sender of senders) sender.hear(event)
          }
      } catch (error) {
        if (stopping.signal.aborted) return
        warn('what is said of webhooks is not followed; it is tried again', asError(error))
        await pause(retryAfter, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      }
  }
  let following: Promise<void> | null = null

  const loaded = async (webhooks: Config['webhooks']): Promise<readonly Hook[]> => {
    const hooks = await loadHooks(webhooks)
    for (const { message } of bareSecrets(hooks)) warn(message)
    return hooks
  }

  await use(await loaded(config.webhooks))
  // Nobody waits for it: a long log takes a while to look for them.
  const isKept = (stream: string): boolean => senders.some(({ hook }) => webhookStream(hook.url) === stream)
  const givenBack = giveBack({ log, node: parts.members.node, isKept }).catch((error) => {
    if (!stopping.signal.aborted) warn('webhooks of before could not be given back', asError(error))
  })
  return {
    reload: async ({ webhooks }) => use(await loaded(webhooks)),
    states: () =>
      overview(
        log,
        senders.map(({ hook }) => hook),
      ),
    counts: () => senders.map(({ counts }) => counts),
    stop: async () => {
      await Promise.all(senders.map((sender) => sender.stop()))
      stopping.abort()
      await Promise.all([following, givenBack])
    },
  }
}
