/**
 * Where mail is taken that comes over HTTP: a session of the submission service that no socket leads to, so that nobody but this process can
 * say in it who has logged in.
 */
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import type { Certificates } from '../config/certificates.ts'
import type { Reception } from '../smtp/reception.ts'
import { FsmtpServer } from '../smtp/server.ts'
import { type Mail, type Submitted, speak } from './talk.ts'

export type CounterOptions = {
  /** Of the submission service, as it is for the sessions to come. */
  readonly reception: () => Promise<Reception>
  readonly certificates: () => Certificates
}

export type Request = {
  readonly mail: Mail
  readonly account: string
  /** Of whom it comes from, as the history shows it. */
  readonly client: { readonly address: string; readonly port: number }
  readonly local: { readonly address: string; readonly port: number }
  /** Called with the session's id before the content is sent. */
  readonly ready?: (session: string) => Promise<void>
}

/** `session`: whose history says what was said. */
export type Taken = Submitted & { readonly session: string }
export type Counter = { submit(request: Request): Promise<Taken> }

export const openCounter = ({ reception, certificates }: CounterOptions): Counter => {
  let open: { readonly reception: Reception; readonly server: FsmtpServer } | null = null
  /** One that listens nowhere. */
  const serverFor = (wanted: Reception): FsmtpServer => {
    if (open?.reception === wanted) return open.server
    const server = new FsmtpServer({
      // The peer of these sessions is this process: it says for whom it speaks.
      reception: { ...wanted, mayRename: () => true },
      ...{ address: '', port: 0, certificates: certificates(), proxyHeader: () => 'none', arriving: 1_000 },
    })
    open = { reception: wanted, server }
    return server
  }
  return {
    submit: async ({ mail, account, client, local, ready = async () => {} }) => {
      const server = serverFor(await reception())
      const [near, far] = duplexPair()
      server.connect(far as Socket, {
        ...{ remoteAddress: client.address, remotePort: client.port },
        ...{ localAddress: local.address, localPort: local.port },
      })
      const session = [...server.connections].at(-1)!.id
      const submitted = await speak(near, {
        ...{ mail, account, client: client.address },
        ready: () => ready(session),
      })
      return { ...submitted, session }
    },
  }
}
