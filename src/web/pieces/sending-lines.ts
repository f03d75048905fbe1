/** What to type to send a mail to a server that listens here and there. */

export type SmtpListener = {
  readonly service: 'mx' | 'submission' | 'submissions'
  readonly address: string
  readonly port: number
}

export type Sending = {
  readonly smtp: readonly SmtpListener[]
  readonly to: readonly [string, ...string[]]
  /** Who logs in to send; null: nobody. */
  readonly account: string | null
  /** What the page was asked of: there a listener is that is on every address. */
  readonly pageHost: string
}

const everywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
const isHere = (host: string): boolean => /^(localhost|127\.|\[::1\])/.test(host)

const hostOf = ({ address }: SmtpListener, pageHost: string): string => {
  if (everywhere.has(address)) return pageHost
  return address.includes(':') ? `[${address}]` : address
}

/** Accounts submit, where that is possible; everybody else hands in what is for mailboxes here. */
const chosen = ({ smtp, account }: Sending): SmtpListener | undefined => {
  const order = account === null ? (['mx'] as const) : (['submission', 'submissions', 'mx'] as const)
  return order.flatMap((wanted) => smtp.find(({ service }) => service === wanted) ?? [])[0]
}

/** For swaks and for curl; none where nobody could send. Passwords are asked for by both. */
export const sendingLines = (sending: Sending): readonly string[] => {
  const listener = chosen(sending)
  if (listener === undefined) return []
  const { to, pageHost } = sending
  const host = hostOf(listener, pageHost)
  const server = `${host}:${listener.port}`
  const account = listener.service === 'mx' ? null : sending.account
  const sender = account ?? 'me@example.org'
  const swaks = [
    `swaks --server ${server} --to ${to.join(',')}`,
    ...(listener.service === 'submission' ? ['-tls'] : []),
    ...(listener.service === 'submissions' ? ['-tlsc'] : []),
    ...(account === null ? [] : [`--auth-user ${account} --from ${account}`]),
    '--header "Subject: Hello"',
  ]
  const mail = `printf 'From: ${sender}\\r\\nSubject: Hello\\r\\n\\r\\nIt works\\r\\n'`
  const curl = [
    `${mail} | curl ${listener.service === 'submissions' ? 'smtps' : 'smtp'}://${server}`,
    ...(account === null ? [] : [`--ssl-reqd --user ${account}`]),
    // On this machine the certificate is hardly for the name the page was asked of.
    ...(account !== null && isHere(host) ? ['--insecure'] : []),
    `--mail-from ${sender}`,
    ...to.map((one) => `--mail-rcpt ${one}`),
    '-T -',
  ]
  return [swaks.join(' '), curl.join(' ')]
}
