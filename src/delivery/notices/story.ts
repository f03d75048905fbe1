/** What a notice tells of, whatever it was read from. */
import type { NoticeOriginal, NoticeRecipient } from './notice.ts'

/** The mail that was on its way. */
export type Mail = Omit<NoticeOriginal, 'recipients' | 'subject' | 'messageId'> &
  Partial<Pick<NoticeOriginal, 'subject' | 'messageId'>> & {
    /** The alias for which it was forwarded. */
    readonly forwarder?: string
    /** Hash of the policy in force; absent where it was not waited for. */
    readonly policy?: string
  }

export type Story = {
  readonly mail: Mail
  /** How many it took. */
  readonly attempt: number
  /** Those whom it is still true of; none where it was overtaken. */
  readonly recipients: readonly NoticeRecipient[]
}
