/** Signatures as https://www.standardwebhooks.com has them: receivers have libraries for that. */
import { createHmac } from 'node:crypto'
import type { Hook } from './secrets.ts'

export type Signed = {
  /** The same however often it is sent: by it a receiver knows what it has already. */
  readonly 'webhook-id': string
  /** Seconds since 1970, of this try: what is old may be somebody who repeats what he has heard. */
  readonly 'webhook-timestamp': string
  /** `v1,` and base64 for each secret, a space between. */
  readonly 'webhook-signature': string
}

/** `now` in milliseconds since 1970. */
export const signed = (
  { id, body }: { readonly id: string; readonly body: string },
  { secrets, now }: Pick<Hook, 'secrets'> & { readonly now: number },
): Signed => {
  const timestamp = String(Math.floor(now / 1000))
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  )
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
