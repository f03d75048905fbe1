/** A resolver that answers from a table, for tests that need no server. */
import {
  type Answers,
  type DnsCode,
  DnsFault,
  type RecordType,
  type Resolver,
} from '../../../src/dns/port.ts'

export type Zone = Readonly<Record<string, Partial<Answers> | DnsCode>>
export type FakeResolver = Resolver & { readonly asked: string[] }

/** A name with a code has nothing but that fault. Names that are not in the zone are ENOTFOUND. */
export const zoneResolver = (zone: Zone): FakeResolver => {
  const byName = new Map(Object.entries(zone).map(([name, records]) => [name.toLowerCase(), records]))
  const asked: string[] = []
  return {
    asked,
    resolve: async <Type extends RecordType>(name: string, type: Type): Promise<Answers[Type]> => {
      const question = `${type} of ${name}`
      asked.push(question)
      const found = byName.get(name.toLowerCase())
      if (found === undefined) throw new DnsFault('ENOTFOUND', question)
      if (typeof found === 'string') throw new DnsFault(found, question)
      const records: Answers[Type] | undefined = found[type]
      if (records === undefined) throw new DnsFault('ENODATA', question)
      return records
    },
  }
}
