/** What a receipt tells of, read from the fact that the mail was accepted: with that it was in its mailboxes, or on its several ways. */
import type { AcceptedRecipient, MessageAccepted } from '../../../machines/vocabulary/events.ts'
import { receiptsOf } from '../../../machines/vocabulary/notices.ts'
import { givenAddress } from '../../../machines/vocabulary/recipients.ts'
import type { NoticeRecipient } from './notice.ts'
import type { Story } from './story.ts'

/** The address that was given is named, and none that an alias stands for (RFC 3461 §5.2.7.4). */
const recipientOf = (recipient: AcceptedRecipient, acceptedAt: number): NoticeRecipient => {
  const { notify, orcpt, receipt } = recipient
  return {
    ...{ address: givenAddress(recipient), reply: null, lastAttemptAt: acceptedAt },
    ...(notify && { notify }),
    ...(orcpt && { orcpt }),
    ...(receipt === 'expanded' ? { expanded: true } : { final: true }),
  }
}

export const receiptStory = (accepted: MessageAccepted, acceptedAt: number): Story => {
  const { message, sender, ret, envid, smtputf8, requiretls, subject, messageId } = accepted
  return {
    mail: {
      ...{ message, sender, acceptedAt, subject, messageId },
      ...(ret && { ret }),
      ...(envid !== undefined && { envid }),
      ...(smtputf8 && { smtputf8 }),
      ...(requiretls && { requiretls }),
    },
    attempt: 1,
    recipients: receiptsOf(accepted).map((recipient) => recipientOf(recipient, acceptedAt)),
  }
}
