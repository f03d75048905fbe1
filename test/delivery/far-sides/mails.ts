/** Mails that something on the way may spoil: each as it is submitted, without dots doubled. */

export type Mail = {
  readonly content: Buffer
  /** Parameters of MAIL, with a space in front; '' for none. */
  readonly parameters: string
}

const head = (name: string, ...more: readonly string[]): string =>
  [
    'From: Ann <ann@example.org>',
    'To: bob@far.example',
    `Subject: ${name}`,
    'Date: Thu, 1 Jan 2026 00:00:00 +0000',
    `Message-ID: <${name.replaceAll(' ', '-')}@example.org>`,
    ...more,
  ]
    .map((line) => `${line}\r\n`)
    .join('')

const ascii = (name: string, body: string): Mail => ({
  content: Buffer.from(`${head(name)}\r\n${body}`),
  parameters: '',
})

const eightBit: Mail = {
  content: Buffer.concat([
    Buffer.from(head('eight bits', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8')),
    Buffer.from('Content-Transfer-Encoding: 8bit\r\n\r\ngr\u00fc\u00dfe \u96ea \u{1f4ec}\r\n'),
    // No UTF-8, and all octets that are neither NUL, CR nor LF.
    Buffer.from([0xe9, 0xff, 0xfe, 0x0d, 0x0a]),
    Buffer.from(
      Array.from({ length: 255 }, (_, at) => at + 1).filter((octet) => octet !== 10 && octet !== 13),
    ),
    Buffer.from('\r\n'),
  ]),
  parameters: ' BODY=8BITMIME',
}

/** RFC 5321 §4.5.3.1.6: 1000 octets with the CRLF. */
const longest = 998

export const mails: Readonly<Record<string, Mail>> = {
  plain: ascii('plain', 'Hello.\r\n'),
  'eight bits': eightBit,
  'long lines': ascii(
    'long lines',
    `${'x'.repeat(longest)}\r\n.${'y'.repeat(longest - 1)}\r\n${'z '.repeat(499)}\r\n`,
  ),
  'leading dots': ascii('leading dots', '.\r\n..\r\n.one\r\n...three\r\n\r\n. \r\n.\r\n'),
  'empty lines and white space at the ends': ascii('white space', '\r\n \t\r\nx \r\n\r\n\r\n \r\n'),
  'an empty body': ascii('empty', ''),
  'a megabyte': ascii('large', `${'0123456789abcde'.repeat(5)}.\r\n`.repeat(13_500)),
}

/** Addresses and header beyond ASCII (RFC 6531, RFC 6532). */
export const international: Mail = {
  content: Buffer.from(`${head('\u96ea und Gr\u00fc\u00dfe')}\r\nHello.\r\n`),
  parameters: ' SMTPUTF8 BODY=8BITMIME',
}

/** As it is written to a server. */
export const stuffed = ({ content }: Mail): Buffer =>
  Buffer.from(`${content.toString('latin1').replace(/^\./gm, '..')}.\r\n`, 'latin1')
