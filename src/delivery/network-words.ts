/**
 * What Node and OpenSSL say of a connection, in the words of people who run mail: it stands in histories, and in notices to
 * senders. What those libraries advise is for who wrote the program, and is left out.
 */

type Words = Readonly<Record<string, string>>

/** By the code of an error, what is wrong with a certificate: it goes on after `the certificate of this host is not valid: `. */
const ofCertificates: Words = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself, by no authority that is known here',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority that signed it is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'the authority that signed it is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority that signed it is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the authority that signed it is not known here, or the host does not send the certificates between',
  CERT_UNTRUSTED: 'the authority that signed it is not trusted here',
  CERT_REJECTED: 'the authority that signed it is not trusted here',
  CERT_CHAIN_TOO_LONG: 'too many authorities stand between it and one that is known here',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  CERT_REVOKED: 'it was revoked',
  INVALID_CA: 'who signed it is no authority',
  INVALID_PURPOSE: 'it is not made for a server',
  HOSTNAME_MISMATCH: 'it is for another name',
  EE_KEY_TOO_SMALL: 'its key is too short',
  CA_MD_TOO_WEAK: 'it is signed in a way that is no longer safe',
}
/** And with a connection. */
const ofConnections: Words = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'what the host sent is no TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what the host sent is no TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the host knows only versions of TLS that are no longer safe',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the host takes none of the versions of TLS that are offered',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the host takes none of the ciphers that are offered',
  ERR_SSL_NO_SHARED_CIPHER: 'there is no cipher that both sides know',
  ERR_SSL_DH_KEY_TOO_SMALL: 'the host’s keys are too short',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the host does not know itself by that name',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the host broke it off',
  ECONNABORTED: 'it was broken off',
  EPIPE: 'the host had closed it',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'there is no way to that address',
  ENETUNREACH: 'there is no way to that network',
  EADDRNOTAVAIL: 'this machine has no address for it',
  EACCES: 'this machine does not allow it',
  EPERM: 'this machine does not allow it',
  EMFILE: 'this machine has too many connections and files open',
  ENFILE: 'this machine has too many connections and files open',
  ENOBUFS: 'this machine has no memory for it',
}

const textIn = (error: Error, name: 'code' | 'reason'): string | null => {
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' && /^[\w .,:*-]{1,300}$/.test(value) ? value : null
}

const words: Words = { ...ofCertificates, ...ofConnections }

/** `it has expired (CERT_HAS_EXPIRED)`: the code is for who looks it up. `unknown` is said of what has no words here. */
export const inWords = (error: Error, unknown = 'it failed'): string => {
  const code = textIn(error, 'code')
  if (code === null) return unknown
  // The few words of OpenSSL, `bad signature`; and of `checkName`.
  const said = Object.hasOwn(words, code) ? words[code]! : (textIn(error, 'reason') ?? unknown)
  return `${said} (${code})`
}

/** The same, where nothing before it says that it is about a certificate. */
export const inFullWords = (error: Error): string => {
  const code = textIn(error, 'code') ?? ''
  const isOfCertificate = code === 'ERR_TLS_CERT_ALTNAME_INVALID' || Object.hasOwn(ofCertificates, code)
  return isOfCertificate ? `its certificate is not valid: ${inWords(error)}` : inWords(error)
}
