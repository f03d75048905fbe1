/** A page of a list: what came last first, behind a cursor. */
import { z } from 'zod'
import { atTheTop, type Place } from '../../views/answers/pages.ts'
import type { Page } from '../../views/desk/index.ts'
import { type Asked, cursorFor, placeIn } from './cursor.ts'
import { usualLimit } from './fields.ts'
import type { Rooms } from './rooms.ts'

export const listOf = (item: z.ZodType, id: string) =>
  z
    .object({
      items: z.array(item).describe('The newest first'),
      next: z.string().nullable().describe('The cursor of the page behind; null where there is none'),
    })
    .meta({ id })

export type Paged = Asked & { readonly limit?: number | undefined; readonly position?: number | undefined }

/** Where a page begins. @throws Problem */
export const placeOf = (name: string, asked: Paged): Place => {
  const place = placeIn(name, asked, ['number', 'string'])
  return place === null ? atTheTop : ({ at: place[0], id: place[1] } as Place)
}

/** One row more than was asked for tells whether another page comes. */
export const pageOf = async <Item extends { readonly id: string }>(
  name: string,
  asked: Paged,
  {
    rooms,
    ask,
    at,
  }: {
    readonly rooms: Rooms
    readonly ask: (page: Page) => Promise<readonly Item[]>
    readonly at: (item: Item) => string
  },
): Promise<{ readonly items: readonly Item[]; readonly next: string | null }> => {
  const { limit = usualLimit, position } = asked
  const before = placeOf(name, asked)
  if (position !== undefined) await rooms.until(position)
  const rows = await ask({ limit: limit + 1, before })
  const items = rows.slice(0, limit)
  const last = rows.length > limit ? items.at(-1) : undefined
  return {
    items,
    next: last === undefined ? null : cursorFor(name, asked, [Date.parse(at(last)), last.id]),
  }
}

/** What was asked for, without what says how much of it. */
export const filterOf = <Query extends Paged & { readonly cursor?: string | undefined }>({
  limit,
  cursor,
  position,
  ...filter
}: Query): Omit<Query, 'limit' | 'cursor' | 'position'> => filter
