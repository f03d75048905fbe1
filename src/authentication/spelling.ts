/** One spelling for each address of a domain that is ours: what keys, mailboxes and accounts are named by. */
import { domainToASCII, domainToUnicode } from 'node:url'
import { addressKey, isAscii, splitAddress } from '../../machines/vocabulary/address.ts'
import { junkOf } from '../../machines/vocabulary/recipients.ts'

/**
 * A domain as DNS has it: lower case, A-labels (RFC 5890 §2.3.2.1). Names that are ASCII already only lose their case:
 * the URL rules would read `10.1` as an address.
 */
export const asciiDomain = (domain: string): string =>
  isAscii(domain) ? domain.toLowerCase() : domainToASCII(domain) || domain.toLowerCase()

/** The same domain as people read it: lower case, U-labels. */
export const readableDomain = (domain: string): string =>
  domain.includes('xn--') ? domainToUnicode(domain.toLowerCase()) || domain : domain.toLowerCase()

/** Neither quotes nor anything beyond ASCII: nearly all addresses. */
const plain = /^[\w.!#$%&'*+/=?^`{|}~@-]*$/

/** What all spellings of one address have in common: local part without case and needless quotes, domain in A-labels. */
export const keyOf = (address: string): string => {
  if (plain.test(address)) return address.toLowerCase()
  const key = addressKey(address)
  if (isAscii(key)) return key
  const { local, domain } = splitAddress(key)
  return domain === '' ? local : `${local}@${asciiDomain(domain)}`
}

/** The name of the mailbox that belongs to `address` itself: lower case, U-labels, the tag kept. */
export const mailboxName = (address: string): string => {
  if (/\/junk$/i.test(address)) return junkOf(mailboxName(address.slice(0, -'/junk'.length)))
  const { local, domain } = splitAddress(keyOf(address))
  return domain === '' ? local : `${local}@${readableDomain(domain)}`
}
