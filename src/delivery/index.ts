/** Mail for other hosts on its way: composed from the log, the routes, the wire and the clock. */
import type { MessageAccepted } from '../../machines/vocabulary/events.ts'
import { now } from '../actors/identity.ts'
import type { Outbox } from '../actors/outbox.ts'
import type { Directory } from '../authentication/directory.ts'
import { deliveryPolicy } from '../config/delivery-policy.ts'
import type { Config } from '../config/schema.ts'
import type { ContentStore } from '../content/port.ts'
import type { Acts } from '../control.ts'
import { type EventLog, WrongRevision } from '../log/port.ts'
import { adoptPolicy } from '../policies.ts'
import type { Notify } from './actor.ts'
import type { Backlog, Unrouted } from './backlog.ts'
import { type Act, Courier } from './courier.ts'
import { isWanted, type NoticeKind, Noticer, type NoticerOptions } from './noticer.ts'
import type { Connect, Routes } from './port.ts'
import { type Accepted, Router, type RouterOptions } from './router.ts'

export type DeliveriesOptions = {
  readonly config: Config
  readonly log: EventLog
  readonly outbox: Outbox
  readonly content: ContentStore
  readonly directory: Directory
  readonly backlog: Backlog & { readonly original: NoticerOptions['original'] }
  readonly routes: Routes
  readonly connect: Connect
  readonly sign: RouterOptions['sign']
  readonly warn: (what: string, error?: Error) => void
}

type Settings = { routes: Routes; sign: RouterOptions['sign'] }

export type Deliveries = {
  /** A message was accepted with mail for other hosts. */
  accepted(accepted: Accepted): void
  readonly acts: Acts
  /** Routes and keys of a configuration that was read again, for attempts to come; its patience, for messages to come. */
  reload(config: Config, settings: Settings): Promise<void>
  /** Attempts under way are given up as soon as `stop` was called. */
  hurry(): void
  /** Attempts under way may end within `grace` milliseconds. */
  stop(grace: number): Promise<void>
}

/** Messages and notices asked for at once, of those that are owed. */
const atOnce = 1000
const sweepEvery = 30_000

export const startDeliveries = async (options: DeliveriesOptions): Promise<Deliveries> => {
  const { config, log, outbox, content, directory, backlog, connect, warn } = options
  const inForce: Settings = { routes: options.routes, sign: options.sign }
  const policyOf = async (settings: Config): Promise<RouterOptions['policy']> => {
    const value = deliveryPolicy(settings)
    return { value, hash: await adoptPolicy(log, value, settings.hostname) }
  }
  const { giveUpAfter } = deliveryPolicy(config)
  const noticer = new Noticer({
    ...{ log, content, directory, hostname: config.hostname, giveUpAfter, warn },
    original: (message) => backlog.original(message),
  })
  const notify: Notify = ({ delivery, kind, queued }) => {
    if (isWanted(kind as NoticeKind, queued)) noticer.notify(delivery, kind as NoticeKind)
  }
  const courier = new Courier({
    ...{ log, backlog, warn, concurrency: config.delivery.concurrency },
    tools: {
      ...{ outbox, node: config.hostname, connect, content, now, notify },
      // As they are when they are asked: a configuration may be read again.
      routes: {
        resolve: (nextHop, signal) => inForce.routes.resolve(nextHop, signal),
        login: (nextHop) => inForce.routes.login(nextHop),
      },
    },
  })
  const router = new Router({
    ...{ courier, policy: await policyOf(config), warn },
    sign: (accepted, prefix) => inForce.sign(accepted, prefix),
  })
  let isStopping = false
  const routed = new Set<Promise<void>>()
  const route = (accepted: Accepted, only?: ReadonlySet<string>): void => {
    const work = router
      .route(accepted, only)
      .catch((error: Error) => warn(`the message ${accepted.message.message} was not routed`, error))
      .finally(() => routed.delete(work))
    routed.add(work)
  }
  /** An attempt may have begun at the same moment: then it is asked again. */
  const actOn = async (id: string, act: Act, by: string) => {
    try {
      return await courier.act(id, act, by)
    } catch (error) {
      if (error instanceof WrongRevision) return courier.act(id, act, by)
      throw error
    }
  }
  /** What is owed and not done, for whatever reason: a full disk, a crash. Doing it twice does nothing. */
  const sweep = async (): Promise<void> => {
    for (const unrouted of backlog.unrouted(atOnce)) {
      const accepted = await acceptedAt(log, unrouted)
      if (accepted) route(accepted, new Set([unrouted.nextHop]))
    }
    for (const { delivery, kind } of backlog.noticesDue(atOnce)) noticer.notify(delivery, kind as NoticeKind)
  }
  const sweeping = setInterval(() => {
    sweep().catch((error: Error) => warn('what is still owed could not be read; it is tried again', error))
  }, sweepEvery).unref()
  // Deliveries are begun beside everything else: mail is taken meanwhile.
  void (async () => {
    await backlog.caughtUp()
    if (isStopping) return
    await courier.begin()
    await sweep()
  })().catch((error: Error) => {
    if (!isStopping) warn('deliveries of an earlier run could not be taken up', error)
  })
  return {
    accepted: (accepted) => route(accepted),
    acts: async ({ act, ids, by }) => {
      const acted = []
      for (const id of ids) acted.push({ id, done: await actOn(id, act, by) })
      return acted
    },
    reload: async (settings, { routes, sign }) => {
      router.policy = await policyOf(settings)
      inForce.routes = routes
      inForce.sign = sign
    },
    hurry: () => courier.hurry(),
    stop: async (grace) => {
      isStopping = true
      clearInterval(sweeping)
      await Promise.all(routed)
      await courier.stop(grace)
      await noticer.settled()
      await outbox.settled()
    },
  }
}

/** The fact of its acceptance, from the stream it stands in. */
const acceptedAt = async (log: EventLog, { stream, revision }: Unrouted): Promise<Accepted | null> => {
  // What this process recorded is what the vocabulary says.
  for await (const page of log.readStream(stream, { from: revision, limit: 1 }))
    for (const { type, data, at } of page)
      if (type === 'MessageAccepted') return { message: data as MessageAccepted, at }
  return null
}
