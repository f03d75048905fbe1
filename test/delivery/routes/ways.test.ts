import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Row, rowsOf } from '../../tables/table.ts'
import { placeWith, wayTo, zoneOf } from './place.ts'

const table = new URL('ways.md', import.meta.url)

const ways = (section: string, check: (row: Row, context: TestContext) => Promise<void>): void => {
  for (const row of rowsOf(table, section))
    test(`ways.md:${row.line} ${section}`, (context) => check(row, context))
}

const goes = async ({ cell }: Row, context: TestContext, delivery: string): Promise<void> => {
  const { routes } = await placeWith(context, { zone: zoneOf(cell('DNS')), delivery })
  assert.equal(await wayTo(routes, cell('next hop')), cell('way'))
}

ways('As DNS says', (row, context) => goes(row, context, ''))
ways('Literals', (row, context) => goes(row, context, ''))
ways('Loops', (row, context) => goes(row, context, 'port: 2525, allowPrivate: true'))
ways('Private addresses', (row, context) => goes(row, context, ''))
ways('As configured', (row, context) => goes(row, context, row.cell('delivery')))
