/** What can be wrong with a command line before its meaning is even looked at, and what the client is told. */
import type { PathFault } from '../vocabulary/address.ts'
import type { ParameterFault } from '../vocabulary/parameters.ts'

export type FaultCode =
  | `sender-${PathFault}`
  | `recipient-${PathFault}`
  | ParameterFault
  | 'argument-missing'
  | 'argument-unexpected'
  | 'argument-syntax'
  | 'helo-missing'
  | 'helo-syntax'
  | 'unknown'
  | 'unimplemented'
  | 'line-too-long'
  | 'nul'
  | 'control-characters'
  | 'not-utf8'
  | 'not-ascii'
  | 'argument-not-ascii'
  | 'tls-on-plain'
  | 'http'

export type Fault = { readonly code: number; readonly enhanced: string; readonly text: string }
const fault = (code: number, enhanced: string, text: string): Fault => ({ code, enhanced, text })

/** The code of each fault is the stable `reason` of its refusal. RFC 5321 §4.2.4, RFC 3463 §3. */
export const faults: Readonly<Record<FaultCode, Fault>> = {
  'sender-syntax': fault(501, '5.1.7', 'This is no sender address; say MAIL FROM:<local@domain>'),
  'sender-no-domain': fault(501, '5.1.7', 'The sender address has no domain; say MAIL FROM:<local@domain>'),
  'sender-too-long': fault(501, '5.1.7', 'The sender address is too long'),
  'sender-characters': fault(501, '5.1.7', 'The sender address has characters no address may have'),
  'recipient-syntax': fault(501, '5.1.3', 'This is no recipient address; say RCPT TO:<local@domain>'),
  'recipient-no-domain': fault(
    501,
    '5.1.3',
    'The recipient address has no domain; say RCPT TO:<local@domain>',
  ),
  'recipient-too-long': fault(501, '5.1.3', 'The recipient address is too long'),
  'recipient-characters': fault(501, '5.1.3', 'The recipient address has characters no address may have'),
  // RFC 6531 §3.5
  'not-ascii': fault(553, '5.6.7', 'This address needs SMTPUTF8 in MAIL'),
  // RFC 5321 §4.1.1.11
  'parameter-unknown': fault(555, '5.5.4', 'Parameter not recognised, or not offered to you'),
  'parameter-syntax': fault(501, '5.5.4', 'A parameter has a wrong value, or comes twice'),
  'argument-missing': fault(501, '5.5.4', 'This command needs an argument'),
  'argument-unexpected': fault(501, '5.5.4', 'This command takes no argument'),
  'argument-syntax': fault(501, '5.5.4', 'The argument is not what this command takes'),
  // RFC 2034 §4: no enhanced code in an answer to HELO or EHLO.
  'helo-missing': fault(501, '', 'Say your name: HELO or EHLO, and a host name'),
  'helo-syntax': fault(501, '', 'This is neither a host name nor an address literal'),
  unknown: fault(500, '5.5.2', 'Command not recognised'),
  unimplemented: fault(502, '5.5.1', 'Command not implemented'),
  // RFC 5321 §4.5.3.1.9
  'line-too-long': fault(500, '5.5.6', 'The command line is too long'),
  nul: fault(500, '5.5.2', 'A command may not hold NUL'),
  'control-characters': fault(500, '5.5.2', 'A command may not hold control characters'),
  'not-utf8': fault(500, '5.5.2', 'A command must be ASCII, or UTF-8 where SMTPUTF8 allows it'),
  'argument-not-ascii': fault(501, '5.5.2', 'The argument of this command must be ASCII'),
  'tls-on-plain': fault(500, '5.5.1', 'This is not a TLS port; start in plain text and say STARTTLS'),
  http: fault(500, '5.5.1', 'This is a mail server; it does not speak HTTP'),
}
