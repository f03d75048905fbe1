/**
 * A page of what says some words, found by reading mail: from the newest back, for a moment, and then it is told how far that came. Whoever asks
 * goes on from there, or leaves.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type Look, type Mail, mostWords, type Search, type Seen, wordsIn } from '../../searching/index.ts'
import type { Place } from '../../views/answers/pages.ts'
import { text } from './fields.ts'
import { leaving } from './leaving.ts'
import type { Rooms } from './rooms.ts'

export const words = text(
  'Words each of which stands in its text (plain, or HTML without tags), in the name of an attachment, in its subject or its From; upper and lower case are alike. Mail is read for it, for half a second at a time',
)
  .refine((typed) => wordsIn(typed).length > 0, { message: 'has no word in it' })
  .refine((typed) => wordsIn(typed).length <= mostWords, { message: `give at most ${mostWords} words` })
  .optional()

const count = (about: string) => z.int().nonnegative().describe(about)

/** Beside what a list has otherwise. */
export const passedOver = {
  passedOver: z
    .object({
      removed: count('Their content is not there any more'),
      beginnings: count('The words do not stand in as much of them as is read'),
      unreadable: count('They cannot be taken apart in the time and memory there is for it'),
    })
    .nullable()
    .optional()
    .describe(
      'Of a search with `text`: mails that were looked at for this page and may say the words, but could not be read',
    ),
}
export type PassedOver = Readonly<Record<'removed' | 'beginnings' | 'unreadable', number>>

/** Milliseconds, and mails, of one look. */
const lookFor = 500
const lookAtMost = 2_000
/** Mails that are asked of the views at once. */
const atOnce = 200

/** Rows the newest first; `rest` is where more may come, behind the last of them. */
export type Rows<Row> = { readonly rows: readonly Row[]; readonly rest: Place | null }

export type Sought<Row> = {
  readonly words: string
  readonly limit: number
  readonly before: Place
  readonly page: (before: Place, limit: number) => Promise<Rows<Row>>
  readonly mailOf: (row: Row) => Mail
  /** Behind a row. */
  readonly placeOf: (row: Row) => Place
}
export type Searched<Row> = {
  readonly items: readonly Row[]
  /** Where it ended, if something may come behind it. */
  readonly end: Place | null
  /** That, if it ended since it was long. */
  readonly searched: Place | null
  readonly passedOver: PassedOver
}

const reasons: Partial<Record<Seen, keyof PassedOver>> = {
  gone: 'removed',
  cut: 'beginnings',
  unread: 'unreadable',
}

/** Who looks, and until when. */
export type Seeker = Required<Pick<Look, 'caller' | 'signal'>> & Pick<Search, 'look'>
type Came = { readonly rooms: Rooms; readonly request: FastifyRequest; readonly reply: FastifyReply }

export const seekerIn = ({ rooms, request: { caller, ip }, reply }: Came): Seeker => ({
  ...{ look: rooms.search.look, caller: caller?.account ?? caller?.name ?? ip, signal: leaving(reply) },
})

/** @throws Problem, and what the search throws */
export const searched = async <Row>(
  { look, ...seeker }: Seeker,
  { words: typed, limit, before, page, mailOf, placeOf }: Sought<Row>,
): Promise<Searched<Row>> => {
  const asked = { ...seeker, words: wordsIn(typed) }
  const until = performance.now() + lookFor
  const items: Row[] = []
  const passed = { removed: 0, beginnings: 0, unreadable: 0 }
  // Who has left hears no answer; that there is none is no fault.
  const hasLeft = (error: unknown): null => {
    if (seeker.signal.aborted) return null
    throw error
  }
  const done = (end: Place | null, isLong = false): Searched<Row> => ({
    ...{ items, end, searched: isLong ? end : null, passedOver: passed },
  })
  for (let place = before, left = lookAtMost; ; ) {
    const { rows, rest } = await page(place, Math.min(atOnce, left))
    const within = Math.max(0, until - performance.now())
    const order = { mails: rows.map(mailOf), enough: limit - items.length, within }
    const seen = rows.length === 0 ? [] : await look({ ...asked, ...order }).catch(hasLeft)
    if (seen === null) return done(place, true)
    for (const [at, one] of seen.entries()) {
      if (one === 'fits') items.push(rows[at]!)
      const why = reasons[one]
      if (why !== undefined) passed[why]++
    }
    left -= seen.length
    const next = seen.length === rows.length ? rest : placeOf(rows[seen.length - 1]!)
    if (next === null || items.length >= limit) return done(next)
    if (left <= 0 || performance.now() >= until) return done(next, true)
    place = next
  }
}
