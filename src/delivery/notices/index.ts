/** Notices to senders about what became of their mail (RFC 3464), composed as messages of their own. */
import MimeNode from 'nodemailer/lib/mime-node/index.js'
import { isAscii, parseAddress, splitAddress } from '../../../machines/vocabulary/address.ts'
import type { NoticeKind } from '../../../machines/vocabulary/events.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import { mailDate } from '../../smtp/trace.ts'
import { oneLine } from './fields.ts'
import type { Notice, NoticeOptions } from './notice.ts'
import { reportOf } from './report.ts'
import { type Returned, returnedOf } from './returned.ts'
import { textOf } from './text.ts'

export type { Notice, NoticeOptions, NoticeOriginal, NoticeRecipient } from './notice.ts'
export { longestReturned } from './returned.ts'

const titles: Readonly<Record<NoticeKind, (to: string) => string>> = {
  failed: (to) => `Not delivered${to === '' ? '' : ` to ${to}`}`,
  delayed: (to) => `Delayed${to === '' ? '' : ` on the way to ${to}`}, still being tried`,
  delivered: (to) => `Delivered${to === '' ? '' : ` to ${to}`}`,
}

/** No mailbox is known to have it. */
const expandedTitle = (to: string): string => `Passed on${to === '' ? '' : ` to everyone behind ${to}`}`

/** Names the recipient where there is one: notices about one message are told apart in a list. */
const subjectOf = ({ kind, original: { recipients, subject } }: NoticeOptions): string => {
  const [only] = recipients.length === 1 ? recipients : []
  const titleOf = recipients.every(({ expanded }) => expanded) ? expandedTitle : titles[kind]
  const title = titleOf(only === undefined ? '' : oneLine(only.address, 200))
  return subject === null ? title : `${title}: ${oneLine(subject, 200)}`
}

/** Whether a field of message ids may hold it (RFC 5322 §3.6.4). */
const isMessageId = (text: string | null): text is string =>
  text !== null && text.length < 500 && /^<[!-;=?-~]+@[!-;=?-~]+>$/.test(text)

/** Addresses, domains in A-labels; a group of nobody (RFC 5322 §3.4) where none could be one. */
const addressed = (to: readonly string[]) => {
  const addresses = to.filter((address) => parseAddress(address) !== null)
  if (addresses.length === 0) return 'undisclosed-recipients:;'
  return addresses.map((address) => {
    const { local, domain } = splitAddress(address)
    return { name: '', address: `${local}@${asciiDomain(domain)}` }
  })
}

/** A boundary that stands in none of the parts (RFC 2046 §5.1.1), however their lines are broken when they are encoded. */
const boundaryFor = (id: string, parts: readonly Buffer[]): string => {
  let boundary = `notice-${id}`
  while (parts.some((part) => part.includes(boundary))) boundary += `-${boundary.length}`
  return boundary
}

const headersOf = (options: NoticeOptions) => {
  const { original, id, reportingHost, at, postmaster, to } = options
  const { messageId } = original
  return [
    { key: 'From', value: { name: 'Mail Delivery System', address: postmaster } },
    { key: 'To', value: addressed(to) },
    { key: 'Subject', value: subjectOf(options) },
    { key: 'Message-ID', value: `<${id}@${asciiDomain(reportingHost)}>` },
    { key: 'Date', value: mailDate(at) },
    // RFC 3834 §5
    { key: 'Auto-Submitted', value: 'auto-replied' },
    ...(isMessageId(messageId)
      ? [
          { key: 'In-Reply-To', value: messageId },
          { key: 'References', value: messageId },
        ]
      : []),
  ]
}

const appendReport = (root: MimeNode, report: string): void => {
  const part = root.createChild('message/delivery-status')
  part.setHeader('Content-Description', 'Report for programs')
  part.setContent(Buffer.from(report, 'latin1'))
}

const appendReturned = (root: MimeNode, { type, encoding, bytes }: Returned): void => {
  const part = root.createChild(type)
  part.setHeader('Content-Description', 'Your message')
  part.setHeader('Content-Transfer-Encoding', encoding)
  // Text that is plain already stays so only when it comes as text.
  part.setContent(encoding === '7bit' ? bytes.toString('latin1') : bytes)
}

/** The tree of RFC 6522 §3: text for people, the report, what is returned. */
const treeOf = (options: NoticeOptions, returned: Returned | null): MimeNode => {
  const [text, report] = [textOf(options), reportOf(options)]
  const parts = [Buffer.from(text), Buffer.from(report), returned?.bytes ?? Buffer.alloc(0)]
  const boundary = boundaryFor(options.id, parts)
  const root = new MimeNode(`multipart/report; report-type=delivery-status; boundary="${boundary}"`)
  for (const { key, value } of headersOf(options)) root.addHeader(key, value)
  root.createChild('text/plain; charset=utf-8').setContent(text)
  appendReport(root, report)
  if (returned !== null) appendReturned(root, returned)
  return root
}

/**
 * A notice about the recipients of `original`, of whom all that is true. The same options give the same bytes. It is to be
 * sent from the null sender, `<>`, so that nobody answers it (RFC 3464 §2). Two kinds at once (some delivered, some failed)
 * are two notices.
 */
export const composeNotice = async (options: NoticeOptions): Promise<Notice> => {
  const { to, postmaster, original } = options
  const returned = await returnedOf(options)
  return {
    bytes: await treeOf(options, returned).build(),
    subject: subjectOf(options),
    from: `Mail Delivery System <${postmaster}>`,
    body: returned?.encoding === '8bit' ? '8BITMIME' : '7BIT',
    smtputf8: !to.every(isAscii),
    requiretls: original.requiretls === true,
  }
}
