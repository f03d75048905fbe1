/** A mail out of what somebody filled in, or given whole; and who gets it. Nothing is read from files or fetched. */
import addressparser from 'nodemailer/lib/addressparser/index.js'
import MailComposer from 'nodemailer/lib/mail-composer/index.js'
import { withoutBcc } from './raw-mail.ts'
import type { Mail } from './talk.ts'

export type Fields = {
  readonly from: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly subject?: string | undefined
  readonly text?: string | undefined
  readonly html?: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly attachments: readonly {
    readonly filename?: string | undefined
    readonly contentType?: string | undefined
    readonly contentId?: string | undefined
    readonly content: Uint8Array
  }[]
}

/** What is wrong with a mail that was to be composed, in words for whoever wanted it. */
export type Fault = { readonly fault: string }

/** What would begin another command, or another header line. */
const unwanted = /[\s<>\p{Cc}]/u
const breaks = /[\r\n\0]/
// RFC 5322 §2.2
const fieldName = /^[!-9;-~]{1,76}$/
/** What is composed here, and what is said of the way; who writes them himself would say something else. */
const ours = /^(?:(?:resent-)?bcc|return-path|received|content-transfer-encoding|content-type|mime-version)$/i

/** Characters of all that addresses are read from: to take them apart costs more than their length. */
const longestAddresses = 128 * 1024

/** Bare addresses of what people write: `Ann <ann@example.org>, bob@example.org`. Null where one is none. */
export const addressesIn = (values: readonly string[]): readonly string[] | null => {
  const found = values
    .flatMap((value) => addressparser(value, { flatten: true }))
    .map(({ address }) => address)
  const isWrong = (address: string) => unwanted.test(address) || !/^[^@].*@[^@]+$/.test(address)
  return found.some(isWrong) || (values.length > 0 && found.length === 0) ? null : [...new Set(found)]
}

const faultIn = ({ from, to, cc, bcc, subject, headers, attachments }: Fields): string | null => {
  if (to.length + cc.length + bcc.length === 0) return 'to: say who gets it'
  const characters = [...to, ...cc, ...bcc].reduce((sum, { length }) => sum + length, 0)
  if (characters > longestAddresses) return `to, cc, bcc: are longer than ${longestAddresses} characters`
  for (const [name, values] of Object.entries({ from: [from], to, cc, bcc }))
    if (addressesIn(values) === null || values.some((value) => breaks.test(value)))
      return `${name}: write addresses like ann@example.org or Ann <ann@example.org>`
  if (subject !== undefined && breaks.test(subject)) return 'subject: must be one line'
  for (const [name, value] of Object.entries(headers)) {
    if (!fieldName.test(name)) return 'headers: a name is letters, digits and signs, without a colon'
    if (ours.test(name)) return `headers: ${name} is not yours to give here`
    if (breaks.test(value)) return `headers: ${name} must be one line`
  }
  const texts = attachments.flatMap(({ filename, contentType, contentId }) => [
    filename,
    contentType,
    contentId,
  ])
  return texts.some((text) => text !== undefined && breaks.test(text))
    ? 'attachments: names and types must be one line'
    : null
}

export const composed = async (fields: Fields): Promise<Mail | Fault> => {
  const fault = faultIn(fields)
  if (fault !== null) return { fault }
  const { from, to, cc, bcc, subject, text, html, headers, attachments } = fields
  const composer = new MailComposer({
    ...{ from, to: [...to], cc: [...cc], subject, html },
    text: text ?? (html === undefined ? '' : undefined),
    headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
    attachments: attachments.map(({ filename, contentType, contentId, content }) => ({
      ...{ filename: filename ?? false, contentType, cid: contentId, content: Buffer.from(content) },
    })),
    ...{ disableUrlAccess: true, disableFileAccess: true },
  })
  const [sender = ''] = addressesIn([from]) ?? []
  const recipients = addressesIn([...to, ...cc, ...bcc]) ?? []
  return { sender, recipients, content: await composer.compile().build() }
}

const [cr, lf] = [13, 10]

/** Line ends as they go over the wire (RFC 5321 §2.3.8). */
const wireLines = (bytes: Buffer): Buffer => {
  // Each byte is a line end at worst.
  const whole = Buffer.allocUnsafe(bytes.length * 2)
  let end = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte !== cr && byte !== lf) {
      whole[end++] = byte
      continue
    }
    if (byte === cr && bytes[at + 1] === lf) at++
    whole[end++] = cr
    whole[end++] = lf
  }
  return whole.subarray(0, end)
}

/** All before the first empty line; null where it is longer than a header may be. */
const headOf = (content: Buffer): Buffer | null => {
  const found = content.subarray(0, 2).equals(emptyLine) ? 0 : content.indexOf('\r\n\r\n')
  const end = found === -1 ? content.length : found
  return end > longestHead ? null : content.subarray(0, end)
}
const emptyLine = Buffer.from('\r\n')
/** Bytes. */
const longestHead = longestAddresses

type Envelope = { readonly from?: string | undefined; readonly to?: readonly string[] | undefined }

/** A mail that was given whole; who gets it stands in its header, where nobody says otherwise. */
export const given = async (bytes: Buffer, { from, to }: Envelope): Promise<Mail | Fault> => {
  const { default: PostalMime } = await import('postal-mime')
  const content = wireLines(bytes)
  const head = headOf(content)
  if (head === null) return { fault: `the header is longer than ${longestHead} bytes` }
  const mail = await PostalMime.parse(head).catch(() => null)
  if (mail === null) return { fault: 'the body cannot be read as a mail' }
  const named = [...(mail.to ?? []), ...(mail.cc ?? []), ...(mail.bcc ?? [])]
  const listed = named.flatMap((one) => one.group ?? [one]).map(({ address }) => address ?? '')
  const recipients = addressesIn(to ?? listed.filter((address) => address !== ''))
  const [sender] = addressesIn(from === undefined ? [mail.from?.address ?? ''] : [from]) ?? []
  if (recipients === null || recipients.length === 0) return { fault: 'to: say who gets it' }
  if (sender === undefined) return { fault: 'from: say who sends it' }
  return { sender, recipients, content: withoutBcc(content).content }
}
