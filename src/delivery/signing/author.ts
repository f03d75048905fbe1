/** In whose name a mail speaks. */
import { splitAddress } from '../../../machines/vocabulary/address.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import type { ContentStore } from '../../content/port.ts'
import { headerFacts } from '../../smtp/header-facts.ts'

/**
 * The domain of `MessageAccepted.from`, in A-labels; null where there is none, or where it can be read as more than one:
 * a signature must not vouch for a name that only some readers see.
 */
export const authorDomain = (from: string | null): string | null => {
  if (from === null) return null
  const { fromAddresses } = headerFacts(Buffer.from(`From: ${from}\r\n\r\n`))
  return onlyDomain(fromAddresses)
}

/** Bytes of a header that are looked at. */
const longestHead = 256 * 1024

/** The domain of the From field as it stands in the stored message; null as for `authorDomain`. */
export const authorDomainOf = async (
  content: Pick<ContentStore, 'stream'>,
  { message }: { readonly message: string },
): Promise<string | null> => {
  const stored = await content.stream(message)
  if (stored === null) return null
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stored as AsyncIterable<Uint8Array>) {
    chunks.push(Buffer.from(chunk))
    size += chunk.length
    if (size > longestHead || Buffer.concat(chunks).includes('\r\n\r\n')) break
  }
  const { fromAddresses } = headerFacts(Buffer.concat(chunks))
  return onlyDomain(fromAddresses)
}

const onlyDomain = (addresses: readonly string[]): string | null => {
  const domains = new Set(addresses.map((address) => asciiDomain(splitAddress(address).domain)))
  const [only] = domains
  return domains.size === 1 && only !== '' ? only! : null
}
