/** Which header fields a signature covers (RFC 6376 §5.4.1). Trace fields are not among them: every host adds its own. */

/**
 * Signed once more than they are there, so that nobody can add another one and have it believed (RFC 6376 §5.4, §8.15):
 * what readers show and answer to. Where one is missing, that is signed.
 */
export const overSigned: readonly string[] = ['From', 'Reply-To', 'To', 'Cc', 'Subject']

/** The same where they are there; a host on the way may add one that is missing (RFC 6409 §8). */
export const overSignedIfThere: readonly string[] = [
  'Sender',
  'Date',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
]

/** Signed as often as they are there. */
export const signedIfThere: readonly string[] = [
  'In-Reply-To',
  'References',
  'Content-ID',
  'Content-Description',
  'Resent-Date',
  'Resent-From',
  'Resent-Sender',
  'Resent-To',
  'Resent-Cc',
  'Resent-Message-ID',
  'List-Id',
  'List-Help',
  'List-Unsubscribe',
  'List-Unsubscribe-Post', // RFC 8058 §4
  'List-Subscribe',
  'List-Post',
  'List-Owner',
  'List-Archive',
  'Auto-Submitted',
]
