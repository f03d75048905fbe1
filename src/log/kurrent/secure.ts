/** TLS for the connection we make ourselves, from the options the client has its own from. */
import { readFileSync } from 'node:fs'
import type { SecureClientSessionOptions } from 'node:http2'
import { resolve } from 'node:path'
import type { Address } from './address.ts'

export type Secure = Pick<SecureClientSessionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>

/** Null without TLS. Files are read anew for each connection: certificates are renewed. @throws what reading a file throws */
export const secureOf = ({ options }: Pick<Address, 'options'>): Secure | null => {
  if (options.get('tls') === 'false') return null
  const file = (name: string): Buffer | undefined => {
    const path = options.get(name)
    return path === undefined ? undefined : readFileSync(resolve(path))
  }
  const [ca, cert, key] = [file('tlsCAFile'), file('userCertFile'), file('userKeyFile')]
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    rejectUnauthorized: options.get('tlsVerifyCert') !== 'false',
  }
}
