/**
 * Why we said no (or ended it): one row for each reason, its code stable for ever, with one text for the peer and one
 * sentence for us. Enhanced codes: RFC 3463 and its registry.
 */
import { type RuleReasonName, ruleReasons } from './rule-reasons.ts'

export type Refusal = {
  readonly code: number
  readonly enhanced: string
  /** What the peer is told. */
  readonly peer: string
  /** What a person reading the history is told. */
  readonly us: string
}

const refusal = (code: number, enhanced: string, peer: string, us: string): Refusal => ({
  code,
  enhanced,
  peer,
  us,
})

/** Refusals that depend on nothing but their kind. */
export const refusals = {
  // At the door.
  'too-many-sessions': refusal(
    421,
    '4.3.2',
    'Too many connections, try again later',
    'The server already had as many sessions as limits.sessions allows.',
  ),
  'too-many-from-address': refusal(
    421,
    '4.7.0',
    'Too many connections from your address, try again later',
    'The peer already had as many sessions as limits.sessionsPerAddress allows.',
  ),
  'log-not-keeping-up': refusal(
    421,
    '4.3.2',
    'Busy, try again later',
    'Too much was waiting for the log; no new session was taken.',
  ),
  'shutting-down': refusal(421, '4.3.2', 'Shutting down, try again later', 'The server was being stopped.'),
  'talked-too-soon': refusal(
    554,
    '5.5.1',
    'You talked before the greeting',
    'The client spoke before the greeting was sent.',
  ),

  // Out of turn, or not to be had here.
  'out-of-order': refusal(
    503,
    '5.5.1',
    'Bad sequence of commands',
    'The command was not possible at this point of the dialogue.',
  ),
  'hello-first': refusal(503, '5.5.1', 'Say EHLO first', 'The client had not said EHLO or HELO.'),
  'mail-first': refusal(503, '5.5.1', 'Say MAIL first', 'No transaction had been started with MAIL.'),
  'recipient-first': refusal(
    503,
    '5.5.1',
    'No valid recipients: say RCPT first',
    'No recipient had been accepted.',
  ),
  'mail-given': refusal(
    503,
    '5.5.1',
    'A transaction is already open: finish it or say RSET',
    'MAIL came inside a transaction.',
  ),
  'already-secure': refusal(
    503,
    '5.5.1',
    'TLS is already active',
    'STARTTLS came on a connection that already had TLS.',
  ),
  'tls-not-offered': refusal(
    502,
    '5.5.1',
    'STARTTLS is not available',
    'The listener has no certificate or does not offer STARTTLS.',
  ),
  'login-not-offered': refusal(502, '5.5.1', 'AUTH is not available', 'This service takes no logins.'),
  'login-needs-tls': refusal(
    538,
    '5.7.11',
    'Say STARTTLS first: a login needs encryption',
    'AUTH was tried without TLS.',
  ),
  'already-logged-in': refusal(503, '5.5.1', 'Already authenticated', 'AUTH came a second time.'),
  'mechanism-unknown': refusal(
    504,
    '5.5.4',
    'Unknown mechanism: use PLAIN or LOGIN',
    'The client asked for a mechanism we do not have.',
  ),
  'rename-not-allowed': refusal(
    550,
    '5.7.0',
    'You may not use XCLIENT',
    'XCLIENT came from a peer that proxy.trusted does not name.',
  ),
  'rename-malformed': refusal(
    501,
    '5.5.4',
    'Bad XCLIENT attributes',
    'XCLIENT had attributes that could not be understood.',
  ),

  // Logging in.
  'bad-credentials': refusal(
    535,
    '5.7.8',
    'Authentication failed',
    'The account does not exist or the password was wrong.',
  ),
  'login-throttled': refusal(
    454,
    '4.7.0',
    'Too many failed logins, try again later',
    'Too many logins had failed for this address or account.',
  ),
  'login-cancelled': refusal(501, '5.7.0', 'Authentication cancelled', 'The client cancelled the login.'),
  'login-malformed': refusal(
    501,
    '5.5.2',
    'Cannot decode the response',
    'The login data was not valid base64 or not of the mechanism’s form.',
  ),
  'login-unavailable': refusal(
    454,
    '4.7.0',
    'Temporary authentication failure',
    'The password could not be checked just then.',
  ),

  // The sender.
  'login-required': refusal(
    530,
    '5.7.0',
    'Authentication required',
    'This service takes mail only after a login.',
  ),
  'tls-required': refusal(530, '5.7.0', 'Say STARTTLS first', 'This service takes mail only under TLS.'),
  'sender-not-yours': refusal(
    553,
    '5.7.1',
    'That sender address does not belong to your account',
    'The envelope sender is not an address of the logged-in account.',
  ),
  'requiretls-without-tls': refusal(
    530,
    '5.7.10',
    'REQUIRETLS needs TLS: say STARTTLS first',
    'The client asked for REQUIRETLS on a connection without TLS.',
  ),
  'route-not-offered': refusal(
    555,
    '5.5.4',
    'XROUTE is not offered to you',
    'XROUTE came to a server that is no playground, or from another machine.',
  ),
  'message-too-big': refusal(
    552,
    '5.3.4',
    'Message too big',
    'The message is larger than limits.messageSize.',
  ),

  // The recipient.
  'no-such-mailbox': refusal(
    550,
    '5.1.1',
    'No such mailbox here',
    'The domain is ours, and it has no such account, alias or catch-all.',
  ),
  'return-path-forged': refusal(
    550,
    '5.1.1',
    'This return path was not made here',
    'The recipient looked like a return path of mail we forwarded (SRS), but its hash is wrong: altered, made up, or made with another key.',
  ),
  'return-path-expired': refusal(
    550,
    '5.1.1',
    'This return path has expired',
    'The recipient was a return path of mail we forwarded (SRS) so long ago that no report about it can be due.',
  ),
  'relaying-denied': refusal(
    550,
    '5.7.1',
    'Relaying denied',
    'The domain is not ours and the client is not logged in.',
  ),
  'needs-smtputf8': refusal(
    553,
    '5.6.7',
    'This address needs SMTPUTF8 in MAIL',
    'The address is not ASCII and the client had not asked for SMTPUTF8.',
  ),
  'too-many-recipients': refusal(
    452,
    '4.5.3',
    'Too many recipients',
    'The transaction already had as many recipients as limits.recipients allows.',
  ),

  // The content.
  'bare-newlines': refusal(
    550,
    '5.6.0',
    'Message contains bare CR or LF',
    'The content had a CR or LF alone (RFC 5321 §2.3.8), a trick used for smuggling.',
  ),
  'nul-in-content': refusal(
    550,
    '5.6.0',
    'Message contains NUL',
    'The content had a NUL, which no message may have (RFC 5322 §4).',
  ),
  'content-line-too-long': refusal(
    500,
    '5.6.0',
    'Message has a line that is too long',
    'A line of the content was longer than limits.contentLine.',
  ),
  'mail-loop': refusal(
    554,
    '5.4.6',
    'Too many Received lines: a mail loop',
    'The header had more Received lines than limits.received allows.',
  ),
  'forwarding-loop': refusal(
    554,
    '5.4.6',
    'This message was forwarded for that address before: a mail loop',
    'A Delivered-To line shows that an alias among the recipients had forwarded the message already.',
  ),
  'author-not-yours': refusal(
    550,
    '5.7.1',
    'The From: address does not belong to your account',
    'An address in From: is not an address of the logged-in account.',
  ),
  'storage-full': refusal(
    452,
    '4.3.1',
    'Insufficient system storage',
    'There was no room left to store the message.',
  ),
  'storage-unavailable': refusal(
    451,
    '4.3.0',
    'Could not store the message, try again later',
    'The message could not be stored; the client keeps it.',
  ),

  // What ends a session.
  'too-many-errors': refusal(
    421,
    '4.7.0',
    'Too many errors',
    'The client was refused more often than limits.errors allows.',
  ),
  'too-many-idle-commands': refusal(
    421,
    '4.7.0',
    'Too many commands without a message',
    'The client sent more NOOP, RSET, VRFY and the like than limits.idleCommands allows.',
  ),
  'too-many-login-failures': refusal(
    421,
    '4.7.0',
    'Too many failed logins',
    'More logins failed in this session than limits.loginFailures allows.',
  ),
  'too-many-messages': refusal(
    421,
    '4.7.0',
    'Too many messages in one session, connect again',
    'The session had as many messages as one history may hold.',
  ),
  'not-smtp': refusal(421, '4.7.0', 'This is a mail server', 'The client spoke another protocol.'),
  timeout: refusal(
    421,
    '4.4.2',
    'Timeout, closing connection',
    'The client was silent, or too slow, for too long.',
  ),
  'line-too-long': refusal(500, '5.5.6', 'Line too long', 'A command line was longer than we take.'),
  'endless-line': refusal(421, '4.7.0', 'Line too long', 'A command line did not end.'),
} as const satisfies Record<string, Refusal>

export type RefusalName = keyof typeof refusals

/** Reasons that refuse nothing. */
const others: Readonly<Record<string, string>> = {
  'local-mailbox': 'The domain is ours and the mailbox is known.',
  'local-alias': 'The address is an alias of ours, or a return path for mail we forwarded.',
  'foreign-domain': 'The domain is not ours; the logged-in account may send there.',
  'pretended-domain': 'The playground pretends to send mail to this domain.',
  'routed-away': 'The client asked with XROUTE for this mail to leave (playground).',
  'magic-reply': 'The recipient asked for this reply by its name (playground).',
  'magic-delay': 'The recipient asked for a slow reply by its name (playground).',
  'magic-drop': 'The recipient asked for the line to be dropped (playground).',
  'left-too-soon': 'The client left before it could be greeted.',
  'handshake-failed': 'The TLS handshake with which a session begins on this port did not succeed.',
  'proxy-header-failed': 'The trusted proxy did not begin with a PROXY header that could be understood.',
  quit: 'The client said QUIT.',
  'cut-off':
    'The server was ended in the middle of the session (a crash, a power cut); what was acknowledged is stored.',
  disconnected: 'The client closed the connection without QUIT.',
  'tls-failed': 'The TLS handshake failed.',
  'log-failed': 'The log did not take an event, so the session was ended.',
  'sender-syntax': 'The address after MAIL FROM is not an address.',
  'recipient-syntax': 'The address after RCPT TO is not an address.',
  'parameter-unknown': 'A parameter is not one we know.',
  'parameter-syntax': 'A parameter has a value that is not allowed.',
  'argument-missing': 'The command needs an argument.',
  'argument-unexpected': 'The command takes no argument.',
  'helo-syntax': 'The name after EHLO or HELO is not one.',
  'not-ascii': 'The address has characters that need SMTPUTF8.',
  'sender-no-domain': 'The address after MAIL FROM has no domain.',
  'sender-too-long': 'The address after MAIL FROM is longer than RFC 5321 §4.5.3.1 allows.',
  'sender-characters': 'The address after MAIL FROM has control or invisible characters.',
  'recipient-no-domain': 'The address after RCPT TO has no domain.',
  'recipient-too-long': 'The address after RCPT TO is longer than RFC 5321 §4.5.3.1 allows.',
  'recipient-characters': 'The address after RCPT TO has control or invisible characters.',
  'argument-syntax': 'The argument is not what the command takes.',
  'argument-not-ascii': 'The argument has characters beyond ASCII, which this command does not take.',
  'helo-missing': 'No name came after EHLO or HELO.',
  nul: 'The command line held NUL.',
  'control-characters': 'The command line held control characters.',
  'not-utf8': 'The command line was not UTF-8.',
  'tls-on-plain': 'The client began TLS on a port that begins in plain text.',
  http: 'The client spoke HTTP.',
  unknown: 'The command is not known.',
  unimplemented: 'The command is known, but not offered here.',
}

/** The sentence a person reads for a reason code; the code itself where a newer or older release wrote it. */
export const reasonText = (code: string): string => {
  if (Object.hasOwn(refusals, code)) return refusals[code as RefusalName].us
  if (Object.hasOwn(ruleReasons, code)) return ruleReasons[code as RuleReasonName].us
  return others[code] ?? code
}
