/** The status code of a recipient (RFC 3463, RFC 3464 §2.3.4). */
import type { NoticeKind } from '../../../machines/vocabulary/events.ts'
import type { NoticeRecipient } from './notice.ts'

/** Detail of faults that no host put into words: the code without its class. */
const details: Readonly<Record<string, string>> = {
  'no-such-domain': '1.2',
  'null-mx': '1.10', // RFC 7505 §4.2
  'no-mail-host': '4.4',
  'no-address': '4.4',
  'host-not-found': '4.4',
  'loops-back': '4.6',
  'bad-destination': '1.2',
  'bad-literal': '1.2',
  'mta-sts-mismatch': '7.5',
  'dns-failed': '4.3',
  'connection-refused': '4.1',
  'connection-timeout': '4.1',
  'host-unreachable': '4.1',
  'greeting-refused': '4.1',
  'connection-lost': '4.2',
  timeout: '4.2',
  'attempt-too-long': '4.2',
  'host-closing': '4.2',
  'hello-refused': '5.0',
  protocol: '5.0',
  'tls-failed': '7.5',
  'tls-injection': '7.5',
  'certificate-invalid': '7.5',
  'tls-not-offered': '7.10',
  // RFC 8689 §4.2.1
  'requiretls-insecure-route': '7.30',
  'requiretls-not-offered': '7.30',
  'requiretls-without-tls': '7.10',
  'login-failed': '7.8',
}

const enhanced = /^[245]\.\d{1,3}\.\d{1,3}$/

/** What the host said, where its class fits what became of the mail: 4 may stand for a failure that was temporary to the end. */
const said = ({ reply }: NoticeRecipient, classes: string): string | null => {
  const code = reply?.enhanced ?? ''
  return enhanced.test(code) && classes.includes(code[0]!) ? code : null
}

const detailOf = ({ faultKind }: NoticeRecipient): string => details[faultKind ?? ''] ?? '0.0'

const failedStatus = (recipient: NoticeRecipient): string => {
  const code = said(recipient, '45')
  if (code !== null) return code
  if (recipient.reply === null) return `5.${detailOf(recipient)}`
  // RFC 3463 §3.5: the time to live ended, and the host gave no code of its own.
  return recipient.reply.code < 500 ? '4.4.7' : '5.0.0'
}

export const statusOf = (kind: NoticeKind, recipient: NoticeRecipient): string => {
  if (kind === 'failed') return failedStatus(recipient)
  if (kind === 'delayed') return said(recipient, '4') ?? `4.${detailOf(recipient)}`
  return said(recipient, '2') ?? '2.0.0'
}
