/** The rooms of mx-connect that are used here: it brings no types, and exports only the whole. */

type MxConnectDns = {
  readonly resolveRecords?: (name: string, type: 'MX' | 'A' | 'AAAA') => Promise<readonly unknown[]>
  /** Refuses loopback, private and link-local addresses, and those of this machine. */
  readonly blockLocalAddresses?: boolean
}

type MxConnectHost = {
  readonly exchange: string
  readonly priority: number
  /** False where the domain itself stands in for a missing MX record. */
  readonly mx?: boolean
  readonly A: readonly string[]
  readonly AAAA: readonly string[]
}

declare module 'mx-connect/lib/resolve-mx.js' {
  /** Rejects with `code` ENULLMX, ENOTFOUND or InvalidIpAddress, or with the error of the look-up. */
  export default function resolveMx(delivery: {
    readonly domain: string
    readonly decodedDomain: string
    readonly isIp: boolean
    readonly dnsOptions: MxConnectDns
  }): Promise<{ readonly mx: readonly MxConnectHost[] }>
}

declare module 'mx-connect/lib/resolve-ip.js' {
  /** Rejects with `code` ENOTFOUND or InvalidIpAddress, or with the error of the look-up, where no address is found. */
  export default function resolveIp(delivery: {
    readonly domain: string
    readonly mx: readonly MxConnectHost[]
    readonly dnsOptions: MxConnectDns
  }): Promise<{ readonly mx: readonly MxConnectHost[] }>
}

declare module 'mx-connect/lib/tools.js' {
  const tools: {
    /** A sentence that says why mail must not go to this address, or false. */
    readonly isInvalid: (delivery: { readonly dnsOptions: MxConnectDns }, address: string) => string | false
  }
  export default tools
}
