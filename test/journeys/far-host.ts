/** A mail host of another domain, on smtp-server: what it does with a mail is asked of the test. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type Received = {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly content: string
}

export type FarHost = {
  readonly port: number
  readonly received: Received[]
  /** Mails whose final dot has come, answered or not. */
  readonly dots: () => number
  close(): Promise<void>
}

export type Behaviour = {
  /** A reply (`451 4.7.1 Later`), or nothing for yes. */
  readonly recipient?: (address: string) => string | null | Promise<string | null>
  /** Waited for before the final dot is answered: with the reply it comes to (`451 ...`), or a yes. */
  readonly beforeAnswer?: () => unknown
}

const refusal = (reply: string): Error =>
  Object.assign(new Error(reply.slice(4)), { responseCode: Number(reply.slice(0, 3)) })

export const farHost = async ({ recipient = () => null, beforeAnswer }: Behaviour = {}): Promise<FarHost> => {
  const received: Received[] = []
  let dots = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onRcptTo: ({ address }, _session, done) => {
      void Promise.resolve(recipient(address)).then((reply) => done(reply === null ? null : refusal(reply)))
    },
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        dots++
        void Promise.resolve(beforeAnswer?.()).then((reply) => {
          if (typeof reply === 'string') {
            done(refusal(reply))
            return
          }
          received.push({
            sender: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
            recipients: envelope.rcptTo.map(({ address }) => address),
            content: Buffer.concat(chunks).toString(),
          })
          done()
        })
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    ...{ port, received, dots: () => dots },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
