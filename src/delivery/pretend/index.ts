/**
 * The far side of the playground: hosts that are not there. Mail for `delivered.test` is taken; `deferred.test` says 451 the
 * first time and takes it the next; `bounced.test` refuses it. Nothing leaves the machine but what was told to.
 */
import type {
  DeliveryRecipient,
  RecipientOutcome,
  RemoteHost,
  RemoteReply,
} from '../../../machines/vocabulary/events.ts'
import { isPretended, type PretendedDomain } from '../../../machines/vocabulary/pretended.ts'
import { type Connect, NoRoute, type Routes, type Sent, type Wire } from '../port.ts'

type FarSide = { readonly routes: Routes; readonly connect: Connect }

const reply = (code: number, enhanced: string, text: string, command: string): RemoteReply => ({
  code,
  enhanced,
  text,
  command,
})
const taken = reply(250, '2.0.0', 'Ok, said a host that is not there', 'content')
const later = reply(451, '4.7.1', 'Not now: this host defers every mail once', 'RCPT')
const never = reply(550, '5.1.1', 'Nobody here: this host refuses every mail', 'RCPT')

/** Of documentation only: no host has it. */
const address = '192.0.2.1'
const hostOf = (domain: string): RemoteHost => ({ name: `mx.${domain}`, address, port: 25 })
const domainOf = ({ name }: RemoteHost): string => name.slice('mx.'.length)
const isPretendedHost = (host: RemoteHost): boolean => host.address === address && isPretended(domainOf(host))

const pretendedRoutes: Routes = {
  resolve: async (nextHop) => {
    if (isPretended(nextHop)) return { kind: 'mx', protocol: 'smtp', tls: 'never', hosts: [hostOf(nextHop)] }
    const text = `a playground sends nothing to ${nextHop}`
    throw new NoRoute({ kind: 'captured', during: 'route', text, reply: null, temporary: false })
  },
  destination: (nextHop) => nextHop,
  login: () => null,
}

/** Mails that were deferred once, the latest of them. */
const remembered = 1000

class PretendedHost {
  readonly #deferred = new Set<string>()

  /** `mail` tells one message from another. */
  answer(domain: string, { address }: DeliveryRecipient, mail: string): RecipientOutcome {
    if (domain === ('bounced.test' satisfies PretendedDomain))
      return { address, result: 'failed', reply: never }
    if (domain === ('deferred.test' satisfies PretendedDomain) && this.#isFirst(`${address} ${mail}`))
      return { address, result: 'deferred', reply: later }
    return { address, result: 'delivered', reply: taken }
  }

  #isFirst(mail: string): boolean {
    if (this.#deferred.delete(mail)) return false
    this.#deferred.add(mail)
    const [oldest] = this.#deferred
    if (this.#deferred.size > remembered) this.#deferred.delete(oldest!)
    return true
  }
}

/** What the content begins with, our trace among it, is of one message only. */
const readThrough = async (
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly mail: string; readonly bytes: number }> => {
  let mail = ''
  let bytes = 0
  for await (const chunk of content) {
    if (bytes === 0) mail = Buffer.from(chunk.subarray(0, 1000)).toString('latin1')
    bytes += chunk.length
  }
  return { mail, bytes }
}

const told = ({ reply: said }: RecipientOutcome): string => `S: ${said!.code} ${said!.enhanced} ${said!.text}`

/** Connections to hosts that are not there, with the dialogue there would be. */
const pretendedConnect = (): Connect => {
  const pretended = new PretendedHost()
  return async ({ host, hostname, said, connected }) => {
    const greeting = `220 ${host.name} ESMTP pretended`
    const facts = { greeting, extensions: ['PIPELINING', 'ENHANCEDSTATUSCODES'], tls: null }
    for (const line of [`S: ${greeting}`, `C: EHLO ${hostname}`, `S: 250 ${host.name}`]) said(line)
    connected({ ...facts, securing: false })
    return wireTo(host, { ...facts, pretended })
  }
}

/** A playground's far side: what is pretended, and `real` for mail that was told to leave (`machines/vocabulary/xroute.ts`), and no other. */
export const playgroundSide = (real: FarSide): FarSide => {
  const connect = pretendedConnect()
  const routesTo = (nextHop: string): Routes => (isPretended(nextHop) ? pretendedRoutes : real.routes)
  return {
    routes: {
      resolve: (nextHop, signal, wishes) => {
        const routes = wishes?.route === undefined ? pretendedRoutes : routesTo(nextHop)
        return routes.resolve(nextHop, signal, wishes)
      },
      destination: (nextHop) => routesTo(nextHop).destination(nextHop),
      login: (nextHop) => routesTo(nextHop).login(nextHop),
    },
    connect: (options) => (isPretendedHost(options.host) ? connect : real.connect)(options),
  }
}

const wireTo = (
  host: RemoteHost,
  {
    pretended,
    ...facts
  }: Pick<Wire, 'greeting' | 'extensions' | 'tls'> & { readonly pretended: PretendedHost },
): Wire => ({
  host,
  ...facts,
  usable: false,
  send: async (envelope, content, { said }): Promise<Sent> => {
    said(`C: MAIL FROM:<${envelope.sender}>`)
    said('S: 250 2.1.0 Ok')
    const { mail, bytes } = await readThrough(content)
    const outcomes = envelope.recipients.map((recipient) => pretended.answer(domainOf(host), recipient, mail))
    for (const outcome of outcomes) {
      said(`C: RCPT TO:<${outcome.address}>`)
      said(outcome.result === 'delivered' ? 'S: 250 2.1.5 Ok' : told(outcome))
    }
    const accepted = outcomes.find(({ result }) => result === 'delivered')
    if (accepted !== undefined) {
      for (const line of ['C: DATA', 'S: 354 Go on', `C: [${bytes} bytes of content]`, told(accepted)])
        said(line)
    }
    return { outcomes, fault: null, uncertain: false }
  },
  quit: async () => {},
  destroy: () => {},
})
