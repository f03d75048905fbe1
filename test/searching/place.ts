/** Mails in a data directory, to be searched. */
import { mkdirSync, writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { placesIn } from '../../src/content/places.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { type Mail, openSearch, type Search, type SearchOptions } from '../../src/searching/index.ts'
import { scratch } from '../scratch.ts'

export type Place = {
  /** Its subject and From as lists know them: none. */
  readonly mail: (body: string | Uint8Array) => Mail
  /** Its content is not there. */
  readonly lost: (known?: Partial<Mail>) => Mail
  readonly search: (options?: Partial<SearchOptions>) => Search
}

export const placeOf = async (t: TestContext): Promise<Place> => {
  const data = scratch('searching')
  const log = await openSqliteLog({ directory: data })
  t.after(() => log.close())
  const places = placesIn(data)
  let count = 0
  const lost: Place['lost'] = (known) => ({
    ...{ message: `0123456789${String(++count).padStart(10, '0')}`, size: 100, from: null, subject: null },
    ...known,
  })
  return {
    lost,
    mail: (body) => {
      const found = lost({ size: body.length })
      mkdirSync(places.folderOf(found.message), { recursive: true })
      writeFileSync(places.fileOf(found.message), body)
      return found
    },
    search: (options = {}) => {
      const search = openSearch({ data, log: 'sqlite', content: 'files', ...options })
      t.after(() => search.close())
      return search
    },
  }
}

export const all = { enough: Number.POSITIVE_INFINITY, within: Number.POSITIVE_INFINITY } as const
