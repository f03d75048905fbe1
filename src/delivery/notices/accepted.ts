/** A notice as a message of ours: the fact that it was accepted. */
import { hash } from 'node:crypto'
import type { AcceptedRecipient, MessageAccepted, NoticeCause } from '../../../machines/vocabulary/events.ts'
import type { Notice } from './notice.ts'

export type AcceptedNotice = {
  readonly id: string
  readonly cause: NoticeCause
  readonly notice: Notice
  readonly recipients: readonly AcceptedRecipient[]
  readonly hostname: string
}

/** From nobody, and from here. */
export const acceptedNotice = ({
  id,
  cause,
  notice,
  recipients,
  hostname,
}: AcceptedNotice): MessageAccepted => ({
  message: id,
  // RFC 3464 §2: nobody answers it.
  sender: '',
  user: null,
  recipients,
  received: 0,
  size: notice.bytes.length,
  sha256: hash('sha256', notice.bytes, 'hex'),
  ...(notice.body === '8BITMIME' && { body: notice.body }),
  ...(notice.smtputf8 && { smtputf8: true }),
  ...(notice.requiretls && { requiretls: true }),
  subject: notice.subject,
  from: notice.from,
  messageId: `<${id}@${hostname}>`,
  cause,
  trace: {
    by: hostname,
    helo: hostname,
    peer: { address: '127.0.0.1', port: 0, name: hostname },
    protocol: 'local',
    tls: null,
  },
})
