/** In whose name a mail speaks. */
import { splitAddress } from '../../../machines/vocabulary/address.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import { headerFacts } from '../../smtp/header-facts.ts'

/**
 * The domain of `MessageAccepted.from`, in A-labels; null where there is none, or where it can be read as more than one:
 * a signature must not vouch for a name that only some readers see.
 */
export const authorDomain = (from: string | null): string | null => {
  if (from === null) return null
  const { fromAddresses } = headerFacts(Buffer.from(`From: ${from}\r\n\r\n`))
  const domains = new Set(fromAddresses.map((address) => asciiDomain(splitAddress(address).domain)))
  const [only] = domains
  return domains.size === 1 && only !== '' ? only! : null
}
