/**
 * What the courier needs from the world outside: a route to a next hop, a connection to one of its hosts, and what the host
 * said about each recipient. `routes.ts` finds routes, `wire/` speaks SMTP and LMTP.
 */
import type {
  AttemptFault,
  DeliveryRecipient,
  RecipientOutcome,
  RemoteHost,
  Route,
  SenderNotification,
  TlsFacts,
} from '../../machines/vocabulary/events.ts'

/** What one mail wants of its way, other than mail in general. */
export type Wishes = {
  /** What domains ask of their senders is not kept to (RFC 8689 §4.2.2). */
  readonly tlsOptional?: boolean
  /** XROUTE: it really leaves a playground. */
  readonly route?: string
}

/** Finds where mail for a next hop goes: to a domain, an address literal (`[192.0.2.1]`), or a host with its port (`relay:2525`). */
export interface Routes {
  /** @throws NoRoute */
  resolve(nextHop: string, signal: AbortSignal, wishes?: Wishes): Promise<Route>
  /** Whose hosts a next hop leads to: the configured host that stands in for it, else itself. Pace and connections go by this name. */
  destination(nextHop: string): string
  /** Name and password for the hosts of a route, where the configuration gives them. Never recorded. */
  login(nextHop: string): { readonly user: string; readonly password: string } | null
}

/** There is no way, now (`fault.temporary`) or at all. */
export class NoRoute extends Error {
  override readonly name = 'NoRoute'
  readonly fault: AttemptFault
  constructor(fault: AttemptFault) {
    super(fault.text)
    this.fault = fault
  }
}

export type ConnectOptions = {
  readonly host: RemoteHost
  readonly protocol: Route['protocol']
  readonly tls: Route['tls']
  /** TLS with a valid certificate, to a host that offers REQUIRETLS, or not at all (RFC 8689 §4.2.1). */
  readonly requiretls?: boolean
  /** Names us in EHLO or LHLO. */
  readonly hostname: string
  readonly login: { readonly user: string; readonly password: string } | null
  readonly signal: AbortSignal
  /** Each line said and heard, as `C: ...` and `S: ...`, credentials redacted. */
  readonly said: (line: string) => void
  /** The host has answered EHLO. With `securing` STARTTLS follows and `secured` is called after it. */
  readonly connected: (facts: {
    readonly greeting: string
    readonly extensions: readonly string[]
    readonly securing: boolean
    /** Of implicit TLS. */
    readonly tls: TlsFacts | null
  }) => void
  readonly secured: (facts: { readonly tls: TlsFacts; readonly extensions: readonly string[] }) => void
}

export type Envelope = SenderNotification & {
  readonly sender: string
  readonly recipients: readonly DeliveryRecipient[]
  /** Bytes of everything that will be sent. */
  readonly size: number
  readonly body?: '7BIT' | '8BITMIME'
  readonly smtputf8?: boolean
  /** Asked of the host, and refused in its stead where it cannot be; with a null sender only asked, where it can be (RFC 8689 §5). */
  readonly requiretls?: boolean
  /** How a playground is to send it on: `direct`, or `host:port`. Only for a host that offers XROUTE. */
  readonly route?: string
}

export type Sent = {
  /** One for each recipient the host answered for. */
  readonly outcomes: readonly RecipientOutcome[]
  /** What kept the host from answering for the others, or null. */
  readonly fault: AttemptFault | null
  /** The connection broke after the final dot, before its answer. */
  readonly uncertain: boolean
}

/** A greeted connection, logged in and secured as far as it was asked to be. One message at a time. */
export interface Wire {
  readonly host: RemoteHost
  readonly tls: TlsFacts | null
  readonly greeting: string
  readonly extensions: readonly string[]
  /** It can take another message. */
  readonly usable: boolean
  /**
   * Sends one message: envelope pipelined where the host can, lines dot-stuffed, ended by CRLF.CRLF. Never throws for what a
   * host does; the connection is not usable afterwards where the dialogue is out of step.
   */
  send(
    envelope: Envelope,
    content: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal; readonly said: (line: string) => void },
  ): Promise<Sent>
  /** QUIT, without waiting long for the answer. */
  quit(): Promise<void>
  /** At once. */
  destroy(): void
}

/** A host came to nothing before it could be given a message. */
export class HostFailed extends Error {
  override readonly name = 'HostFailed'
  readonly fault: AttemptFault
  constructor(fault: AttemptFault) {
    super(fault.text)
    this.fault = fault
  }
}

/** @throws HostFailed */
export type Connect = (options: ConnectOptions) => Promise<Wire>
