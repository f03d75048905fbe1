/** Mail for other hosts on its way: composed from the log, the routes, the wire and the clock. */
import { now } from '../actors/identity.ts'
import type { Outbox } from '../actors/outbox.ts'
import type { Directory } from '../authentication/directory.ts'
import { deliveryPolicy } from '../config/delivery-policy.ts'
import type { Config } from '../config/schema.ts'
import type { ContentStore } from '../content/port.ts'
import type { Acts } from '../control.ts'
import type { EventLog } from '../log/port.ts'
import type { Membership } from '../nodes/membership.ts'
import type { Warn } from '../notices.ts'
import { adoptPolicy } from '../policies.ts'
import { SuppressionList } from '../reputation/suppressed.ts'
import type { Backlog } from './backlog.ts'
import { Courier } from './courier.ts'
import { actOnEach } from './each.ts'
import { FreshBodies } from './fresh-bodies.ts'
import { Noticer, type NoticerOptions } from './noticer.ts'
import type { Connect, Routes } from './port.ts'
import { type Accepted, Router, type RouterOptions } from './router.ts'
import { afterCounting, followSending } from './sending.ts'
import type { Signers } from './signing/index.ts'
import { sealingForwarded, signingOurs } from './signing/ours.ts'
import { sweepOf } from './sweep.ts'
import { takingOverBy } from './taking-over.ts'
import type { Notify } from './tools.ts'

export type DeliveriesOptions = {
  readonly config: Config
  readonly log: EventLog
  readonly outbox: Outbox
  readonly content: ContentStore
  readonly directory: Directory
  readonly backlog: Backlog & { readonly original: NoticerOptions['original'] }
  readonly routes: Routes
  readonly connect: Connect
  readonly members: Membership
  readonly signers: Signers
  readonly returnPath?: RouterOptions['returnPath']
  readonly info: (what: string) => void
  readonly warn: Warn
}

type Settings = { routes: Routes; sign: RouterOptions['sign']; seal: NonNullable<RouterOptions['seal']> }
/** Of a configuration that was read. */
type Read = { readonly routes: Routes; readonly signers: Signers }

export type Deliveries = {
  /** A message was accepted with mail for other hosts. */
  accepted(accepted: Accepted): void
  readonly acts: Acts
  /** Routes, keys and concurrency of a configuration that was read again, for attempts to come; its patience, for messages to come. */
  reload(config: Config, read: Read): Promise<void>
  /** A server on the same log lives no more: what it left is taken over. */
  takeOver(): void
  /** How many attempts are under way, deliveries wait for their turn, and destinations rest. */
  now(): Courier['now']
  /** Attempts under way are given up as soon as `stop` was called. */
  hurry(): void
  /** Attempts under way may end within `grace` milliseconds. */
  stop(grace: number): Promise<void>
}

/** Milliseconds. */
const sweepEvery = 30_000

export const startDeliveries = async (options: DeliveriesOptions): Promise<Deliveries> => {
  const { config, log, outbox, content, directory, backlog, connect, members, info, warn } = options
  const { node } = members
  const bodies = new FreshBodies(content)
  const suppressed = new SuppressionList({
    ...{ directory: config.data, suppressing: config.delivery.suppress, now },
  })
  const sending = followSending({ log, rule: config.limits.sending, warn })
  const inForce: Settings = {
    routes: options.routes,
    sign: signingOurs(options.signers, bodies),
    seal: sealingForwarded(options.signers, bodies),
  }
  const policyOf = async (settings: Config): Promise<RouterOptions['policy']> => {
    const value = deliveryPolicy(settings)
    return { value, hash: await adoptPolicy(log, value, settings.hostname) }
  }
  const noticer = new Noticer({
    ...{ log, content, directory, hostname: config.hostname, warn },
    original: (message) => backlog.original(message),
  })
  const notify: Notify = (owed) => void noticer.notify(owed)
  const courier = new Courier({
    ...{ log, backlog, info, warn, concurrency: config.delivery.concurrency },
    tools: {
      ...{ outbox, node, hostname: config.hostname, members, connect, content: bodies, now, notify },
      suppression: suppressed.find,
      // As they are when they are asked: a configuration may be read again.
      routes: {
        resolve: (nextHop, signal, wishes) => inForce.routes.resolve(nextHop, signal, wishes),
        destination: (nextHop) => inForce.routes.destination(nextHop),
        login: (nextHop) => inForce.routes.login(nextHop),
      },
    },
  })
  const router = new Router({
    ...{ courier, node, policy: await policyOf(config), warn, returnPath: options.returnPath },
    sign: (accepted, prefix) => inForce.sign(accepted, prefix),
    sending: (accepted, asked) => sending.judge(accepted, asked),
    seal: (accepted, forwarder, prefix) => inForce.seal(accepted, forwarder, prefix),
  })
  let isStopping = false
  const underWay = new Set<Promise<void>>()
  const beside = (work: Promise<void>): Promise<void> => {
    const tracked = work.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    return tracked
  }
  const route = (accepted: Accepted, only?: ReadonlySet<string>): Promise<void> =>
    beside(
      afterCounting(sending, () => router.route(accepted, only)).catch((error: Error) =>
        warn(`the message ${accepted.message.message} was not routed`, error, {
          message: accepted.message.message,
        }),
      ),
    )
  const sweep = sweepOf({
    ...{ log, backlog, route },
    notify: (owed) => noticer.notify(owed),
  })
  let isBegun = false
  const takingOver = takingOverBy(async () => {
    await backlog.caughtUp()
    if (isStopping) return
    if (isBegun) return courier.takeOver()
    isBegun = true
    await courier.begin()
  })
  const takeOver = (what: string): void => {
    takingOver
      .now()
      .then(() => (isStopping ? undefined : sweep({ olderThan: now() })))
      .catch((error: Error) => {
        if (!isStopping) warn(`${what} could not be taken up; it is tried again`, error)
      })
  }
  const sweepAgain = async (): Promise<void> => {
    await takingOver.owed().finally(() => sweep({ olderThan: now() - sweepEvery }))
  }
  const sweeping = setInterval(() => {
    sweepAgain().catch((error: Error) => {
      if (!isStopping) warn('what is still owed could not be seen to; it is tried again', error)
    })
  }, sweepEvery).unref()
  // Deliveries are begun beside everything else: mail is taken meanwhile.
  takeOver('deliveries of an earlier run')
  return {
    accepted: (accepted) => {
      if (accepted.body) bodies.keep(accepted.message.message, accepted.body)
      void route(accepted)
    },
    acts: (asked) => actOnEach(courier, asked),
    reload: async (settings, { routes, signers }) => {
      router.policy = await policyOf(settings)
      inForce.routes = routes
      suppressed.suppressing = settings.delivery.suppress
      sending.use(settings.limits.sending)
      inForce.sign = signingOurs(signers, bodies)
      inForce.seal = sealingForwarded(signers, bodies)
      courier.reroute(settings.delivery.concurrency)
    },
    takeOver: () => takeOver('what another server left'),
    now: () => courier.now,
    hurry: () => courier.hurry(),
    stop: async (grace) => {
      isStopping = true
      clearInterval(sweeping)
      await Promise.all(underWay)
      await courier.stop(grace)
      await noticer.stop()
      suppressed.close()
      await outbox.settled()
    },
  }
}
