import assert from 'node:assert/strict'
import type { AliasTarget, Place } from '../../machines/vocabulary/events.ts'
import { eachRow } from '../tables/table.ts'
import { added, Book, configured, domain } from './events.ts'

const table = new URL('places.md', import.meta.url)

const targetText = ({ address, destination }: AliasTarget): string =>
  destination.kind === 'mailbox' ? destination.mailbox : `${address} by ${destination.nextHop}`

const text = (place: Place): string => {
  if (place.kind === 'mailbox') return place.mailbox
  if (place.kind === 'alias') return [place.alias, ...place.targets.map(targetText)].join(' -> ')
  return place.kind === 'foreign' ? `foreign ${place.nextHop}` : `unknown ${place.domain}`
}

const server = new Book(
  configured({
    domains: [
      { name: 'example.org', dkim: [] },
      { name: 'bücher.example', catchAll: 'carol@example.org', dkim: [] },
    ],
    listeners: [
      { service: 'mx', address: '192.0.2.1', port: 25 },
      { service: 'mx', address: '2001:db8::1', port: 25 },
    ],
  }),
  [
    added('alice@example.org', ['alice@example.org', 'a.smith@example.org', 'alice@bücher.example']),
    added('carol@example.org'),
    domain('example.net', 'sink@example.net'),
    domain('plain.example'),
    added('plus+name@example.org', ['Plus+Name@example.org']),
    added('"odd name"@example.org'),
  ],
).directory

eachRow(table, 'A server for two domains', ({ cell }) => {
  assert.equal(text(server.place(cell('recipient'))), cell('place'))
})

const aliases = new Book(
  configured({
    domains: [
      {
        name: 'example.org',
        dkim: [],
        aliases: {
          sales: ['anna', 'BEN@example.org', 'Carol@remote.example'],
          Info: ['sales'],
          anna: ['anna', 'anna@remote.example'],
          all: ['info', 'anna+all', 'dora@bücher.example', 'carol@remote.example', 'Carol@remote.example'],
          nobody: ['gone'],
          'ben+urgent': ['ben', 'anna'],
          postmaster: ['ben'],
          lost: ['stray@caught.example'],
          dora: ['dora@bücher.example'],
        },
      },
      {
        name: 'bücher.example',
        dkim: [],
        aliases: { büro: ['sales@example.org'], dora: ['d@remote.example'] },
      },
      { name: 'caught.example', catchAll: 'büro@bücher.example', dkim: [] },
    ],
  }),
  [
    added('anna@example.org'),
    added('ben@example.org'),
    added('sales+private@example.org'),
    domain('log.example'),
  ],
).directory

eachRow(table, 'Aliases', ({ cell }) => {
  assert.equal(text(aliases.place(cell('recipient'))), cell('place'))
})

const playground = new Book(
  configured({
    hostname: 'localhost',
    playground: true,
    domains: [],
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 2525 }],
  }),
  [added('demo@localhost', ['demo@localhost', 'team@example.org'])],
).directory

eachRow(table, 'The playground', ({ cell }) => {
  assert.deepEqual(playground.place(cell('recipient')), { kind: 'mailbox', mailbox: cell('place') })
})
