/** In whose name a mail speaks. */
import { splitAddress } from '../../../machines/vocabulary/address.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import { headerFacts, headerWindow } from '../../smtp/header-facts.ts'

/**
 * The domain of the From field in A-labels; null where there is none, or where it can be read as more than one: a signature must not
 * vouch for a name that only some readers see. Read from the stored message: `MessageAccepted.from` is decoded, and what was a name
 * in an encoded word would be read as an address there.
 */
export const authorDomainOf = async (stored: AsyncIterable<Uint8Array>): Promise<string | null> =>
  onlyDomain(headerFacts(await headOf(stored)).fromAddresses)

/** As much as holds the header, or as much of it as is looked at. */
const headOf = async (stored: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stored) {
    chunks.push(chunk)
    size += chunk.length
    if (size > headerWindow || Buffer.concat(chunks).includes('\r\n\r\n')) break
  }
  return Buffer.concat(chunks)
}

const onlyDomain = (addresses: readonly string[]): string | null => {
  const domains = new Set(addresses.map((address) => asciiDomain(splitAddress(address).domain)))
  const [only] = domains
  return domains.size === 1 && only !== '' ? only! : null
}
