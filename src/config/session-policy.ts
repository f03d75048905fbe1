/** The part of the configuration that governs a session, as the session machine gets it. */
import type { SessionPolicy } from '../../machines/session/policy.ts'
import type { Service } from '../../machines/vocabulary/events.ts'
import { rulesOf, usualPolicy } from './policy.ts'
import type { Config } from './schema.ts'

const limitsOf = ({ limits }: Config): SessionPolicy['limits'] => ({
  messageSize: limits.messageSize,
  recipients: limits.recipients,
  contentLine: limits.contentLine,
  errors: limits.errors,
  idleCommands: limits.idleCommands,
  loginFailures: limits.loginFailures.perSession,
  messages: limits.messages,
  received: limits.received,
})

/**
 * Programs that find STARTTLS use it, and refuse a certificate nobody signed: a playground that catches their mail offers it
 * only where it was given a certificate.
 */
const offersTlsOnMx = ({ playground, tls }: Config): boolean => !playground || tls.length > 0

/** Strangers come on mx. In a playground nobody is looked at unless it was asked for: nothing leaves the machine. */
const rulesFor = ({ playground, policy }: Config, service: Service): Pick<SessionPolicy, 'rules'> => {
  if (service !== 'mx' || (playground && policy === undefined)) return {}
  return { rules: rulesOf(policy ?? usualPolicy) }
}

/** Data only: the same configuration gives an equal object, so that its hash names the stream it is recorded in. */
export const sessionPolicy = (config: Config, service: Service): SessionPolicy => {
  const submitting = service !== 'mx'
  return {
    service,
    hostname: config.hostname,
    // RFC 6409 §4.3: submission is for those who may; other servers have no accounts here.
    authentication: submitting ? 'required' : 'none',
    startTls: service === 'submission' || (service === 'mx' && offersTlsOnMx(config)),
    // Of logged-in senders; on mx only a trusted proxy can say that somebody is. A playground catches what applications send, in whose name it is.
    ownAddressesOnly: !config.playground,
    bareNewlines: submitting ? config.bareNewlines.submission : config.bareNewlines.mx,
    magicRecipients: config.playground,
    ...rulesFor(config, service),
    limits: limitsOf(config),
  }
}
