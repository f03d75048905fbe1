/** An original, what became of it, and the notice about it taken apart by a parser of mail. */
import PostalMime from 'postal-mime'
import type { NoticeKind } from '../../../machines/vocabulary/events.ts'
import {
  composeNotice,
  type Notice,
  type NoticeOptions,
  type NoticeRecipient,
} from '../../../src/delivery/notices/index.ts'

export const acceptedAt = Date.UTC(2026, 0, 1)
export const refused: NoticeRecipient = {
  address: 'ann@example.net',
  reply: { code: 550, enhanced: '5.1.1', text: 'No such user here', command: 'RCPT' },
  host: 'mx.example.net',
  lastAttemptAt: acceptedAt + 60_000,
}
export const content = [
  'From: Bob <bob@example.org>',
  'To: ann@example.net',
  'Subject: Hello',
  'X-Folded: a',
  '\tb',
  '',
  'secret body',
  '',
].join('\r\n')

export type Given = {
  readonly kind?: NoticeKind
  readonly recipients?: readonly NoticeRecipient[]
  readonly content?: string | Buffer
  readonly original?: Partial<NoticeOptions['original']>
  readonly options?: Partial<NoticeOptions>
}

export const optionsOf = ({
  kind = 'failed',
  recipients = [refused],
  ...given
}: Given = {}): NoticeOptions => ({
  kind,
  id: '01hx0000000000000009',
  reportingHost: 'mx.example.org',
  postmaster: 'postmaster@mx.example.org',
  at: acceptedAt + 120_000,
  to: [given.original?.sender ?? 'bob@example.org'],
  attempts: 1,
  original: {
    message: '01hx0000000000000001',
    sender: 'bob@example.org',
    acceptedAt,
    subject: 'Hello',
    messageId: '<1@example.org>',
    recipients,
    ...given.original,
  },
  originalContent: async () => [Buffer.from(given.content ?? content)],
  unreadable: (error) => {
    throw error
  },
  ...given.options,
})

export const notice = (given: Given = {}): Promise<Notice> => composeNotice(optionsOf(given))

/** Fields in order, folded lines joined, names in lower case. */
export const fieldsOf = (text: string): readonly (readonly [string, string])[] =>
  text
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':')
      if (colon <= 0) throw new Error(`no field: ${line}`)
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    })

export type Part = { readonly type: string; readonly head: string; readonly body: string }

/** The parts between the boundaries, as they stand on the wire. */
export const partsOf = ({ bytes }: Notice): readonly Part[] => {
  const text = bytes.toString('latin1')
  const boundary = /boundary="?([^"\r\n;]+)/.exec(text)![1]
  const pieces = text.split(new RegExp(`(?:^|\\r\\n)--${boundary}(?:--)?\\r\\n`))
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf('\r\n\r\n')
    const head = piece.slice(0, end)
    return { type: /content-type: ([^;\r\n]+)/i.exec(head)?.[1] ?? '', head, body: piece.slice(end + 4) }
  })
}

/** Groups of the report: about the message, then one for each recipient. */
export const reportOf = (composed: Notice): readonly (readonly (readonly [string, string])[])[] =>
  partsOf(composed)[1]!
    .body.split('\r\n\r\n')
    .filter((group) => group.trim() !== '')
    .map(fieldsOf)

/** One field of the first recipient. */
export const fieldOf = (composed: Notice, name: string): string | undefined =>
  reportOf(composed)[1]?.find(([key]) => key === name.toLowerCase())?.[1]

export const parsed = ({ bytes }: Notice) => PostalMime.parse(bytes, { forceRfc822Attachments: true })
