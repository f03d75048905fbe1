/**
 * Why a rule of the policy spoke: one row for each reason, its code stable for ever. The reply is 550 5.x or 451 4.x with the
 * rest of the enhanced code that stands here (RFC 3463, RFC 7372).
 */
export type RuleReason = {
  /** `7.23` of `5.7.23`. */
  readonly enhanced: string
  /** What the peer is told; what it was about follows after a colon. */
  readonly peer: string
  /** What a person reading the history is told. */
  readonly us: string
}

const row = (enhanced: string, peer: string, us: string): RuleReason => ({ enhanced, peer, us })

export const ruleReasons = {
  'blocked-address': row(
    '7.1',
    'This sender is not welcome here',
    'The sender’s address is on the block list.',
  ),
  'blocked-network': row(
    '7.1',
    'Your network is not welcome here',
    'The peer’s network is on the block list.',
  ),
  'blocked-domain': row(
    '7.1',
    'This domain is not welcome here',
    'The domain of the sender, the author or the client is on the block list.',
  ),
  'dnsbl-listed': row('7.1', 'Listed', 'A DNS list has the peer’s address or a domain it named.'),
  'dnsbl-error': row(
    '7.1',
    'A list could not be asked, try again later',
    'A DNS list gave no answer that counts.',
  ),
  'dnsbl-score': row(
    '7.1',
    'Listed by several lists',
    'The weights of the lists that have the client add up to too much.',
  ),
  'spf-none': row(
    '7.1',
    'Your domain does not say who may send for it (SPF)',
    'The sender’s domain has no SPF record.',
  ),
  'spf-neutral': row(
    '7.1',
    'Your domain does not say that you may send for it (SPF)',
    'The SPF record of the sender’s domain says nothing about the peer.',
  ),
  'spf-fail': row(
    '7.23',
    'Your domain says that you may not send for it (SPF)',
    'The SPF record of the sender’s domain forbids the peer.',
  ), // RFC 7372 §3.2
  'spf-softfail': row(
    '7.23',
    'Your domain doubts that you may send for it (SPF)',
    'The SPF record of the sender’s domain does not name the peer, and doubts the rest.',
  ),
  'spf-temperror': row(
    '7.24',
    'SPF could not be looked up, try again later',
    'The SPF record could not be looked up just then.',
  ), // RFC 7372 §3.2
  'spf-permerror': row(
    '7.24',
    'The SPF record of your domain cannot be read',
    'The SPF record of the sender’s domain is broken.',
  ),
  'dkim-none': row('7.20', 'The message has no DKIM signature', 'The message has no DKIM signature.'), // RFC 7372 §3.1
  'dkim-fail': row('7.20', 'No DKIM signature holds', 'No DKIM signature of the message holds.'),
  'dkim-policy': row(
    '7.21',
    'No DKIM signature is acceptable',
    'No DKIM signature of the message is one we accept: a weak key, say.',
  ),
  'dkim-neutral': row(
    '7.20',
    'No DKIM signature can be read',
    'No DKIM signature of the message can be read.',
  ),
  'dkim-temperror': row(
    '7.20',
    'A DKIM key could not be looked up, try again later',
    'A DKIM key could not be looked up just then.',
  ),
  'dkim-permerror': row(
    '7.20',
    'No DKIM signature can be checked',
    'No DKIM signature of the message can be checked: a key is missing or broken.',
  ),
  'dmarc-reject': row(
    '7.26',
    'The domain in From: asks to reject this (DMARC)',
    'DMARC failed, and the owner of the author’s domain asks to reject such mail.',
  ), // RFC 7372 §3.4
  'dmarc-quarantine': row(
    '7.26',
    'The domain in From: asks to quarantine this (DMARC)',
    'DMARC failed, and the owner of the author’s domain asks to treat such mail as suspicious.',
  ),
  'dmarc-none': row(
    '7.26',
    'The domain in From: does not vouch for this (DMARC)',
    'DMARC failed; the owner of the author’s domain asks for nothing.',
  ),
  'dmarc-temperror': row(
    '7.26',
    'DMARC could not be looked up, try again later',
    'What DMARC needs could not be looked up just then.',
  ),
  'dmarc-permerror': row(
    '7.26',
    'There is no one domain in From: to ask about this (DMARC)',
    'DMARC could not be asked: From names nobody, several authors, or one that readers would not agree on.',
  ),
  'helo-invalid': row(
    '7.1',
    'What you said with EHLO is no host name',
    'The name after EHLO or HELO is none a host on the Internet can have.',
  ),
  'helo-ours': row('7.1', 'You said EHLO with our name', 'The client called itself by our name or address.'),
  'helo-unresolved': row(
    '7.1',
    'What you said with EHLO does not exist',
    'The name after EHLO or HELO has no address and takes no mail.',
  ),
  'helo-temperror': row(
    '7.1',
    'Your EHLO name could not be looked up, try again later',
    'The name after EHLO or HELO could not be looked up just then.',
  ),
  'reverse-name-missing': row(
    '7.25',
    'Your address has no name (PTR)',
    'The peer’s address has no reverse name.',
  ), // RFC 7372 §3.3
  'reverse-name-unconfirmed': row(
    '7.25',
    'The name of your address does not lead back to it',
    'The reverse name of the peer’s address does not lead back to it.',
  ),
  'reverse-name-temperror': row(
    '7.25',
    'The name of your address could not be looked up, try again later',
    'The reverse name of the peer could not be looked up just then.',
  ),
  'author-none': row(
    '7.1',
    'The message has no From: that names an author',
    'The message has no From field, or none with an address.',
  ),
  'author-several': row(
    '7.1',
    'From names several authors',
    'The message has several From fields or authors.',
  ),
  'author-ambiguous': row(
    '7.1',
    'The From: of the message can be read in several ways',
    'Different readers would see different authors.',
  ),
  'author-poses': row(
    '7.1',
    'The display name in From: poses as another address',
    'The display name of the author reads like an address of another domain.',
  ),
  'rate-exceeded': row(
    '7.1',
    'Too many messages, try again later',
    'More messages came within a time than the policy allows.',
  ),
  'karma-low': row(
    '7.1',
    'Your network has sent too much that was unwanted',
    'The peer’s network has a score below what the policy allows.',
  ),
  greylisted: row(
    '7.1',
    'Not seen before, try again in some minutes',
    'The sender was put off, as strangers are: who comes back is let in.',
  ),
} as const satisfies Record<string, RuleReason>

export type RuleReasonName = keyof typeof ruleReasons

const sections: Readonly<Record<string, string>> = {
  reverseName: 'reverse-name',
  'block.addresses': 'blocked-address',
  'block.networks': 'blocked-network',
  'block.domains': 'blocked-domain',
  rates: 'rate-exceeded',
  karma: 'karma-low',
}

const codeOf = (rule: string): string => {
  const [named = '', ...rest] = rule.split(' ')
  if (named === 'dnsbl') return rest.join(' ').endsWith('.error') ? 'dnsbl-error' : 'dnsbl-listed'
  if (named.startsWith('score.')) return 'dnsbl-score'
  const [section = '', result] = named.split('.')
  return sections[named] ?? `${sections[section] ?? section}-${result}`
}

/** What a rule as it is named in facts (`spf.fail`, `dnsbl zen.spamhaus.org`) speaks about; null for one that lets in, or of another release. */
export const reasonOfRule = (rule: string): RuleReasonName | null => {
  const code = codeOf(rule)
  return Object.hasOwn(ruleReasons, code) ? (code as RuleReasonName) : null
}
