/** A page of a list: what came last first, behind a cursor. */
import { z } from 'zod'
import { time } from '../../shapes/shape.ts'
import { atTheTop, type Place } from '../../views/answers/pages.ts'
import type { Desk, Page, TextPage } from '../../views/desk/index.ts'
import { type Asked, cursorFor, placeIn } from './cursor.ts'
import { usualLimit } from './fields.ts'
import { Json } from './json.ts'
import type { Rooms } from './rooms.ts'

export const listOf = (item: z.ZodType, id: string) =>
  z
    .object({
      items: z.array(item).describe('The newest first'),
      next: z.string().nullable().describe('The cursor of the next page; null where there is none'),
      searchedTo: time
        .nullable()
        .optional()
        .describe(
          'Of a page that is shorter since a search was long: how far back it has come; `next` goes on',
        ),
    })
    .meta({ id })

/** A list that is given whole: there is no next page. */
export const wholeOf = (item: z.ZodType, id: string) =>
  z.object({ items: z.array(item), next: z.null().describe('Always: this is all of it') }).meta({ id })

export type Paged = Asked & { readonly limit?: number | undefined; readonly position?: number | undefined }

/** Where a page begins. @throws Problem */
export const placeOf = (name: string, asked: Paged): Place => {
  const place = placeIn(name, asked, ['number', 'string'])
  return place === null ? atTheTop : ({ at: place[0], id: place[1] } as Place)
}

/** Rows that are looked through first, where lists wait for each other: most pages are near. */
export const near = 2_000
/** Rows that are looked through at a time after that: others who look far are answered in between. */
export const reach = 100_000
/** Milliseconds after which whoever waits for a page hears how far the search has come: sooner where there is something to see. */
const patience = { nothing: 200, something: 50 } as const

export type Wanted<At> = { readonly limit: number; readonly before: At }
/** So many were found; `searched` is where it ended, if it might have found more. */
type Look<At> = { readonly count: number; readonly searched: At | null }

/**
 * What fits few of a million is found bit by bit: look after look, until there is as much as was asked for, nothing is left, or somebody has waited
 * long enough.
 */
export const looksFor = async <At, Found extends Look<At>>(
  look: (wanted: Wanted<At>, isFirst: boolean) => Promise<Found>,
  { limit, before }: Wanted<At>,
): Promise<{ readonly looks: readonly Found[]; readonly last: Found }> => {
  const begun = performance.now()
  const looks: Found[] = []
  for (let wanted = { limit, before }; ; ) {
    const last = await look(wanted, looks.length === 0)
    looks.push(last)
    const rest = wanted.limit - last.count
    const most = rest < limit ? patience.something : patience.nothing
    if (last.searched === null || rest <= 0 || performance.now() - begun > most) return { looks, last }
    wanted = { limit: rest, before: last.searched }
  }
}

/** Arrays of JSON, as one. */
const joined = (texts: readonly string[]): string =>
  `[${texts
    .map((text) => text.slice(1, -1))
    .filter((text) => text !== '')
    .join(',')}]`

type Shelves = Pick<Rooms, 'until' | 'desk' | 'far'>
export const pageOf = async (
  name: string,
  asked: Paged,
  {
    rooms,
    ask,
  }: { readonly rooms: Shelves; readonly ask: (desk: Desk['ask'], page: Page) => Promise<TextPage> },
): Promise<Json> => {
  const { limit = usualLimit, position } = asked
  const before = placeOf(name, asked)
  if (position !== undefined) await rooms.until(position)
  const look = (wanted: Wanted<Place>, isFirst: boolean) =>
    isFirst ? ask(rooms.desk, { ...wanted, reach: near }) : ask(rooms.far, { ...wanted, reach })
  const { looks, last } = await looksFor(look, { limit, before })
  const { end, searched } = last
  const items = joined(looks.map((look) => look.items))
  const next = end === null ? null : cursorFor(name, asked, [end.at, end.id])
  const searchedTo = searched === null ? null : new Date(searched.at).toISOString()
  return new Json(
    `{"items":${items},"next":${JSON.stringify(next)},"searchedTo":${JSON.stringify(searchedTo)}}`,
  )
}

/** What was asked for, without what says how much of it. */
export const filterOf = <Query extends Paged & { readonly cursor?: string | undefined }>({
  limit,
  cursor,
  position,
  ...filter
}: Query): Omit<Query, 'limit' | 'cursor' | 'position'> => filter
