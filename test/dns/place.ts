/** A resolver over a name server of the test's own, with a clock that only the test moves. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import {
  type Asked,
  DnsFault,
  openResolver,
  type RecordType,
  type Resolver,
  type ResolverOptions,
} from '../../src/dns/index.ts'
import { type DnsOptions, type DnsServer, startDns, type Zone } from './server.ts'

export type Place = {
  readonly server: DnsServer
  readonly resolver: Resolver
  readonly reports: readonly Asked[]
  /** Lets so many milliseconds pass for what is kept. */
  readonly pass: (milliseconds: number) => void
}

export const started = async (context: TestContext, zone: Zone, options?: DnsOptions): Promise<DnsServer> => {
  const server = await startDns(zone, options)
  context.after(() => server.close())
  return server
}

export type Given = DnsOptions & { readonly resolver?: Partial<ResolverOptions> }

export const placeWith = async (context: TestContext, zone: Zone, given: Given = {}): Promise<Place> => {
  const server = await started(context, zone, given)
  const reports: Asked[] = []
  let passed = 0
  const resolver = openResolver({
    servers: [server.address],
    timeout: 5_000,
    now: () => passed,
    report: (asked) => reports.push(asked),
    ...given.resolver,
  })
  return {
    ...{ server, resolver, reports },
    pass: (milliseconds) => {
      passed += milliseconds
    },
  }
}

/** Records in one line, or the code. */
export const said = async (resolver: Resolver, name: string, type: RecordType): Promise<string> => {
  try {
    const records: readonly unknown[] = await resolver.resolve(name, type)
    return records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join(' ')
  } catch (error) {
    assert.ok(error instanceof DnsFault, String(error))
    assert.equal(error.asked, `${type} of ${name}`)
    return error.code
  }
}
