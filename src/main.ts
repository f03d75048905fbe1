/** Composition: the only file that knows everyone. A server is put together here, from the log outward. */

import { fingerprint } from '../machines/drawing/index.ts'
import { machines } from '../machines/index.ts'
import type { Service } from '../machines/vocabulary/events.ts'
import { notBefore, now } from './actors/identity.ts'
import { Outbox } from './actors/outbox.ts'
import { Supervisor } from './actors/supervisor.ts'
import { asError } from './as-error.ts'
import { Directory } from './authentication/directory.ts'
import { Login } from './authentication/login.ts'
import { networkOf } from './authentication/network.ts'
import { type Certificates, loadCertificates } from './config/certificates.ts'
import type { Config, Listener } from './config/schema.ts'
import { openContent } from './content/open.ts'
import { serveControl } from './control.ts'
import { type Deliveries, type DeliveriesOptions, startDeliveries } from './delivery/index.ts'
import { openBacklog } from './delivery/owed.ts'
import { playgroundSide } from './delivery/pretend/index.ts'
import { Receipts } from './delivery/receipts.ts'
import { hasNextHop } from './delivery/router.ts'
import { createRoutes, StsStore } from './delivery/routes/index.ts'
import { loadSigners } from './delivery/signing/index.ts'
import { tapped } from './delivery/tap.ts'
import { connect } from './delivery/wire/index.ts'
import { openResolver, type Resolver } from './dns/index.ts'
import { openForwarding } from './forwarding/index.ts'
import { openHttp } from './http/index.ts'
import { PortInUse, portIsFree, type Spot } from './listening.ts'
import { openLog } from './log/open.ts'
import type { EventLog } from './log/port.ts'
import { openMailLines } from './mail-lines/index.ts'
import { joinServers, nodeOf } from './nodes/index.ts'
import type { Notices } from './notices.ts'
import { Opened } from './opened.ts'
import { Receptions, trusted } from './receptions.ts'
import { startRetention } from './retention/index.ts'
import { endLeftOpen } from './smtp/left-open.ts'
import type { Reception } from './smtp/reception.ts'
import { FsmtpServer, type ListenerOptions } from './smtp/server.ts'
import { Strangers } from './strangers.ts'
import { openCounter } from './submission/counter.ts'
import { openTelemetry } from './telemetry/index.ts'
import { startViews } from './views/index.ts'
import { startWebhooks } from './webhooks/index.ts'
import { loadHooks } from './webhooks/secrets.ts'
import { untoldBy } from './webhooks/untold.ts'

export type Running = {
  readonly listeners: readonly {
    readonly service: Service
    readonly address: string
    readonly port: number
  }[]
  /** Where it answers over HTTP. */
  readonly http: readonly Spot[]
  readonly log: EventLog
  readonly directory: Directory
  /** Takes over certificates, limits, domains of a configuration that was read again, for the sessions to come. */
  reload(config: Config): Promise<void>
  /** Ends sessions in order, waiting up to `limits.shutdownGrace` for those inside a transaction; then stops. */
  stop(): Promise<void>
  /** Resolves should something happen that this server cannot go on with. */
  readonly fatal: Promise<Error>
  /** Ends what `stop` still waits for. */
  hurry(): void
}

/** Bytes waiting for the log above which new sessions are turned away. */
const waitingBytes = 32 * 1024 * 1024

/**
 * Starts everything a configuration asks for; where it cannot, nothing stays open.
 * @throws PortInUse, DirectoryInUse, ConfigFault, MachineChanged, before anything was changed
 */
export const startServer = async (config: Config, notices: Notices): Promise<Running> => {
  const opened = new Opened()
  return start(config, notices, opened).catch(async (error) => {
    await opened.close()
    throw error
  })
}

const start = async (config: Config, notices: Notices, opened: Opened): Promise<Running> => {
  checkMachines()
  const smtp = config.listeners.filter(isSmtp)
  for (const { address, port } of config.listeners) await portIsFree({ address, port })
  let certificates = await loadCertificates(config)
  for (const warning of certificates.warnings) notices.warn(warning)
  const signers = await loadSigners(config)
  for (const warning of signers.warnings) notices.warn(warning)
  await loadHooks(config.webhooks)
  // In force for as long as each says, whatever configuration is read meanwhile.
  const policies = new StsStore()
  let deliveries: Deliveries | null = null
  let receipts: Receipts | null = null
  const http = await openHttp({ config, warn: notices.warn })
  // One for all questions: what was asked for one mail is known for the next.
  const resolverFor = ({ dns }: Config) => openResolver({ ...dns, report: (asked) => http.asked(asked) })
  let resolver = resolverFor(config)
  const telemetry = await openTelemetry({ config, node: nodeOf(config), ...notices })
  opened.also(() => telemetry.stop())
  const mailLines = openMailLines(config, notices.info)
  const watched = http.watchedLog(mailLines.watchedLog(telemetry.watchedLog(await openLog(config))))
  const log = tapped(watched, (accepted) => {
    if (hasNextHop(accepted.message)) deliveries?.accepted(accepted)
    receipts?.accepted(accepted)
  })
  opened.also(() => log.close())
  await startClock(log)
  const startedAt = now()
  const content = http.watchedContent(await openContent(config, log))
  opened.also(() => content.close())
  const fatal = Promise.withResolvers<Error>()
  // In a playground every address has a mailbox, one that looks like a return path as well.
  const forwarding = config.playground
    ? null
    : await openForwarding({
        ...{ data: config.data, key: config.returnPathKey },
        giveUpAfter: config.delivery.giveUpAfter,
      })
  let tidy: () => void = () => {}
  const members = await joinServers(config, {
    ...{ log, warn: notices.warn, ousted: fatal.resolve, returnPaths: forwarding?.marks },
    vacated: () => {
      deliveries?.takeOver()
      receipts?.takeOver()
      tidy()
    },
  })
  opened.also(() => members.leave())
  content.swept.catch((error) =>
    notices.warn('what an earlier run left behind was not swept away', asError(error)),
  )
  const following = new AbortController()
  opened.also(() => following.abort())
  const directory = await Directory.open({
    log,
    config,
    readReturnPath: forwarding && ((local) => forwarding.read(local, now())),
    signal: following.signal,
    onFault: (error) => notices.warn('accounts and domains are no longer followed', asError(error)),
  })
  const login = new Login({ directory, limits: config.limits.loginFailures })
  const outbox = new Outbox({ log })
  const supervisor = new Supervisor({
    ...config.limits,
    networkOf,
    waitingBytes,
    waiting: () => outbox.waiting,
    every: Math.max(50, Math.min(1000, config.limits.commandTimeout / 4)),
  })
  opened.also(() => supervisor.shutDown(0).then(() => outbox.settled()))
  const receptions = new Receptions({
    ...{ log, outbox, directory, login, content, supervisor, node: members.node },
    complain: notices.warn,
  })
  const strangers = new Strangers({ log, directory: config.data, warn: notices.warn })
  opened.also(() => strangers.close())
  const examiner = await strangers.examiner(config, resolver)
  const servers: FsmtpServer[] = []
  for (const listener of smtp)
    servers.push(
      await listen(listener, {
        config,
        certificates,
        reception: await receptions.of(listener.service, config, examiner),
      }),
    )
  for (const server of servers) opened.also(() => server.stopAccepting())
  let latest = config
  /** Also where no listener is for it. */
  let unlistened: Promise<Reception> | null = null
  const submitting = async (): Promise<Reception> => {
    const open = servers.find(({ reception }) => reception.policy.service === 'submission')
    unlistened ??= open === undefined ? receptions.of('submission', latest, null) : null
    return open?.reception ?? (await unlistened!)
  }
  const listeners = await Promise.all(
    servers.map(async (server, at) => ({ ...smtp[at]!, port: await portOf(server, smtp[at]!) })),
  )
  const views = await startViews({
    directory: config.data,
    log: config.log,
    notice: (line) => notices.warn(line),
  })
  opened.also(() => views.stop())
  const backlog = openBacklog({ directory: config.data, log })
  opened.also(() => backlog.close())
  // Where nothing leaves, mail arrives all the same.
  receipts = new Receipts({
    ...{ log, content, directory, backlog, hostname: config.hostname, warn: notices.warn },
  })
  opened.also(() => receipts?.stop())
  opened.also(() => deliveries?.stop(0))
  if (sendsOut(config))
    deliveries = await startDeliveries({
      ...{ config, log, outbox, content, directory, info: notices.info, warn: notices.warn },
      members,
      ...farSide(config, { policies, resolver }),
      backlog,
      returnPath: forwarding?.returnPath((domain) => directory.isLocal(domain)),
      signers,
    })
  const control = await serveControl(config.data, log, deliveries?.acts, listeners)
  opened.also(() => control.close())
  const webhooks = await startWebhooks({ config, log, members, ...notices })
  opened.also(() => webhooks.stop())
  opened.also(() => http.stop())
  await http.start({
    ...{ log, content, views, members, directory, login, smtp: listeners },
    sessions: () =>
      servers.map(({ reception, connections }) => ({
        service: reception.policy.service,
        live: connections.size,
      })),
    webhooks: () => webhooks.states(),
    webhookCounts: () => webhooks.counts(),
    telemetry: () => telemetry.figures(),
    deliveries: () => deliveries?.now() ?? null,
    perDestination: () => latest.delivery.concurrency.perDestination,
    acts: deliveries?.acts ?? null,
    counter: openCounter({ reception: submitting, certificates: () => certificates }),
    lists: () => strangers.standing(),
  })
  const untold = () => untoldBy(log, latest.webhooks)
  const retention = startRetention({ directory: config.data, log, content, members, config, untold, notices })
  const leftOpen = { directory: config.data, log, outbox, members, notices, before: startedAt }
  let tidied = endLeftOpen(leftOpen)
  tidy = () => {
    tidied = tidied.then(() => endLeftOpen(leftOpen))
  }

  return {
    listeners,
    http: http.spots,
    log,
    directory,
    fatal: fatal.promise,
    reload: async (settings) => {
      latest = settings
      unlistened = null
      certificates = await loadCertificates(settings)
      for (const warning of certificates.warnings) notices.warn(warning)
      directory.reconfigure(settings)
      const read = await loadSigners(settings)
      await webhooks.reload(settings)
      await telemetry.reload(settings)
      mailLines.reload(settings)
      resolver = resolverFor(settings)
      const routes = farSide(settings, { policies, resolver }).routes
      await deliveries?.reload(settings, { routes, signers: read })
      const looks = await strangers.examiner(settings, resolver)
      for (const server of servers) {
        server.useCertificates(certificates)
        server.reception = await receptions.of(server.reception.policy.service, settings, looks)
      }
      http.reload(settings)
      retention.reload(settings)
    },
    stop: async () => {
      http.leaving()
      for (const server of servers) server.stopAccepting()
      await supervisor.shutDown(config.limits.shutdownGrace)
      await retention.stop()
      await webhooks.stop()
      // What they say may have to be sent.
      await receipts?.stop()
      await deliveries?.stop(config.limits.shutdownGrace)
      backlog.close()
      strangers.close()
      await outbox.settled()
      await tidied
      await members.leave()
      await control.close()
      following.abort()
      await http.stop()
      await views.stop()
      await content.close()
      await log.close()
      await telemetry.stop()
    },
    hurry: () => {
      supervisor.hurry()
      deliveries?.hurry()
    },
  }
}

type SmtpListener = Listener & { readonly service: Service }
const isSmtp = (listener: Listener): listener is SmtpListener => listener.service !== 'http'

/** A wildcard and an address below it are both free as long as nobody listens at either. @throws PortInUse */
const portOf = (server: FsmtpServer, { address, port }: Spot): Promise<number> =>
  server.start().catch((error: NodeJS.ErrnoException) => {
    throw new PortInUse({ address, port }, error.code ?? error.message)
  })

const listen = (
  { address, port }: SmtpListener,
  { config, certificates, reception }: { config: Config; certificates: Certificates; reception: Reception },
): FsmtpServer =>
  new FsmtpServer({
    reception,
    address,
    port,
    certificates,
    proxyHeader: proxyHeaderOf(config),
    arriving: config.limits.sessions,
  })

/** A trusted peer that may use XCLIENT may also speak without a PROXY header. */
const proxyHeaderOf = (config: Config): ListenerOptions['proxyHeader'] => {
  const sendsHeader = trusted(config, 'proxy')
  const renames = trusted(config, 'xclient')
  return (address) => {
    if (!sendsHeader(address)) return 'none'
    return renames(address) ? 'possible' : 'required'
  }
}

/** A server that captures keeps everything. */
const sendsOut = ({ delivery }: Config): boolean => delivery.route !== 'capture'

/** A playground only pretends: nothing leaves it but what was told to. */
const farSide = (
  config: Config,
  asked: { readonly policies: StsStore; readonly resolver: Resolver },
): Pick<DeliveriesOptions, 'routes' | 'connect'> => {
  const real = { routes: createRoutes(config, asked), connect }
  return config.playground ? playgroundSide(real) : real
}

/** A machine that is not what its version says would write histories that nobody can replay. */
export class MachineChanged extends Error {
  override readonly name = 'MachineChanged'
}
const checkMachines = (): void => {
  for (const { name, version, fingerprint: known, machine } of machines)
    if (fingerprint(machine) !== known)
      throw new MachineChanged(
        `the ${name} machine is not the one that is known as version ${version}: its fingerprint is ${fingerprint(machine)}, not ${known}; give it a new version`,
      )
}

/** Times and ids go on from where the log ends, whatever the clock says. */
const startClock = async (log: EventLog): Promise<void> => {
  const last = await log.last()
  if (last !== null) notBefore(last.at)
}
