/** A client of ours before a scripted peer. */
import assert from 'node:assert/strict'
import type { AttemptFault } from '../../../machines/vocabulary/events.ts'
import { makeCertificate, type Pem } from '../../../src/config/own-certificate.ts'
import {
  type ConnectOptions,
  type Envelope,
  HostFailed,
  type Sent,
  type Wire,
} from '../../../src/delivery/port.ts'
import { connectWith, type Patience, type WireSettings } from '../../../src/delivery/wire/index.ts'
import { eventually } from '../../eventually.ts'

export type Met = {
  readonly said: string[]
  readonly connected: Parameters<ConnectOptions['connected']>[0][]
  readonly secured: Parameters<ConnectOptions['secured']>[0][]
}

export const nobody = new AbortController().signal

type Meeting = { readonly options?: Partial<ConnectOptions>; readonly settings?: WireSettings }

/** Connects, without TLS unless `options` say otherwise. */
export const meet = async (
  port: number,
  { options = {}, settings = {} }: Meeting = {},
): Promise<Met & { readonly wire: Wire }> => {
  const met: Met = { said: [], connected: [], secured: [] }
  const wire = await connectWith(settings)({
    host: { name: 'localhost', address: '127.0.0.1', port },
    protocol: 'smtp',
    tls: 'never',
    hostname: 'us.example',
    login: null,
    signal: nobody,
    said: (line) => met.said.push(line),
    connected: (facts) => met.connected.push(facts),
    secured: (facts) => met.secured.push(facts),
    ...options,
  })
  return { ...met, wire }
}

/** The fault with which no connection comes about, and what had been said. */
export const refusedMeeting = async (
  port: number,
  { options = {}, settings = {} }: Meeting = {},
): Promise<AttemptFault & { readonly said: readonly string[] }> => {
  const said: string[] = []
  const meeting = meet(port, { options: { said: (line) => said.push(line), ...options }, settings })
  const error: unknown = await meeting.then(
    ({ wire }) => wire.destroy(),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof HostFailed, `a host that fails, not ${String(error)}`)
  return { ...error.fault, said }
}

export const one = { sender: 'a@us.example', recipients: [{ address: 'b@mx.example' }], size: 6 } as const
export const two = { ...one, recipients: [{ address: 'b@mx.example' }, { address: 'c@mx.example' }] } as const

export async function* chunked(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

export const send = async (
  wire: Wire,
  envelope: Envelope = one,
  {
    content = chunked('hello\n'),
    signal = nobody,
  }: { readonly content?: AsyncIterable<Uint8Array>; readonly signal?: AbortSignal } = {},
): Promise<Sent & { readonly said: readonly string[] }> => {
  const said: string[] = []
  const sent = await wire.send(envelope, content, { signal, said: (line) => said.push(line) })
  return { ...sent, said }
}

/** Little time for one step, so that a test sees it end; the usual time for all others. */
export const hasty = (step: keyof Patience): { readonly settings: WireSettings } => ({
  settings: { patience: { [step]: 200 } },
})

/** Resolves when a connection between two messages has ended. */
export const whenOver = (wire: Wire): Promise<true> =>
  eventually(() => !wire.usable, { what: 'the end of the connection' })

/** `b@mx.example failed 550`, for each. */
export const summary = ({ outcomes }: Sent): readonly string[] =>
  outcomes.map(({ address, result, reply }) => `${address} ${result} ${reply?.code ?? ''}`.trim())

export const certificate = (): Promise<Pem> => makeCertificate({ hostname: 'localhost', now: new Date() })

/** Greeting and EHLO of a host that can pipeline. */
export const modern = `
  S: 220 mx.example here
  C: EHLO us.example
  S: 250-mx.example
  S: 250 PIPELINING`

/** Of a host that takes one command at a time. */
export const plain = `
  S: 220 mx.example here
  C: EHLO us.example
  S: 250 mx.example`

/** Of a host that can do TLS. */
export const offered = `
  S: 220 mx.example here
  C: EHLO us.example
  S: 250-mx.example
  S: 250 STARTTLS`

/** The same, up to the second EHLO; the peer needs a certificate. */
export const upgraded = `${offered}
  C: STARTTLS
  S: 220 go
  starttls
  C: EHLO us.example`

/** Of a host that wants to know who we are: the mechanisms as they stand in its answer. */
export const withAuth = (mechanisms: string): string => `
  S: 220 mx.example here
  C: EHLO us.example
  S: 250-mx.example
  S: 250 ${mechanisms}`

export const envelopeOfOne = `
  C: MAIL FROM:<a@us.example>
  C: RCPT TO:<b@mx.example>
  C: DATA`

export const envelopeOfTwo = `
  C: MAIL FROM:<a@us.example>
  C: RCPT TO:<b@mx.example>
  C: RCPT TO:<c@mx.example>
  C: DATA`

/** The envelope of one, taken up to the content. */
export const taken = `${envelopeOfOne}
  S: 250 ok
  S: 250 ok
  S: 354 go`

/** The same, one command at a time. */
export const takenInTurn = `
  C: MAIL FROM:<a@us.example>
  S: 250 ok
  C: RCPT TO:<b@mx.example>
  S: 250 ok
  C: DATA
  S: 354 go`
