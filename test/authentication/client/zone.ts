/** Resolvers for unit tests: answers out of a text, one record a line. */
import { type DnsCode, DnsFault, type RecordType, type Resolver } from '../../../src/dns/index.ts'

export type Faked = Resolver & { readonly asked: readonly string[] }

const failures: Readonly<Record<string, DnsCode>> = {
  SERVFAIL: 'ESERVFAIL',
  REFUSED: 'EREFUSED',
  silent: 'ETIMEOUT',
}

type Line = { readonly name: string; readonly type: string; readonly value: string }

const linesOf = (text: string): readonly Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', type = '', ...rest] = line.split(' ')
      return { name: name.toLowerCase(), type, value: rest.join(' ') }
    })

const recordOf = ({ type, value }: Line): unknown => {
  if (type !== 'MX') return value
  const [priority, exchange = ''] = value.split(' ')
  return { priority: Number(priority), exchange: exchange === '.' ? '' : exchange }
}

const answer = (lines: readonly Line[], name: string, type: RecordType): readonly unknown[] => {
  const asked = `${type} of ${name}`
  const own = lines.filter((line) => line.name === name.toLowerCase())
  const failure = own.find((line) => line.type === 'fails' || line.type === `fails-${type}`)
  if (failure !== undefined) throw new DnsFault(failures[failure.value] ?? 'EBADRESP', asked)
  const found = own.filter((line) => line.type === type)
  if (found.length === 0) throw new DnsFault(own.length === 0 ? 'ENOTFOUND' : 'ENODATA', asked)
  return found.map(recordOf)
}

/** `a.test MX 10 mx.test`; `a.test fails SERVFAIL` for all of a name, `fails-A` for one type; `text` may change. */
export const resolverOf = (text: () => string): Faked => {
  const asked: string[] = []
  return {
    asked,
    async resolve(name, type) {
      asked.push(`${type} ${name}`)
      return [...answer(linesOf(text()), name, type)] as never
    },
  }
}
