/** The envelope of an attempt: what the mail was queued with, for those who have not had it. */
import type { DeliveryQueued } from '../../machines/vocabulary/events.ts'
import type { Envelope } from './port.ts'

/** Somebody is left to be sent it. */
export const hasRecipients = ({ recipients }: DeliveryQueued, settled: ReadonlySet<string>): boolean =>
  recipients.some(({ address }) => !settled.has(address))

/** `settled` names recipients whom earlier attempts settled. */
export const envelopeOf = (queued: DeliveryQueued, settled: ReadonlySet<string>): Envelope => {
  const { sender, size, prefix, body, smtputf8, requiretls, ret, envid } = queued
  return {
    sender,
    recipients: queued.recipients.filter(({ address }) => !settled.has(address)),
    size: size + Buffer.byteLength(prefix),
    ...(body && { body }),
    ...(smtputf8 && { smtputf8 }),
    ...(requiretls && { requiretls }),
    ...(ret && { ret }),
    ...(envid !== undefined && { envid }),
  }
}
