/** An id out of a bounce, a notice or a log line: what it stands for, of whatever it is the id. */
import { found as shape } from '../../shapes/found.ts'
import { aboutFound } from '../../telling/found-id.ts'
import type { Found } from '../../views/answers/found.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn } from './fields.ts'
import { wholeOf } from './lists.ts'
import { type Asked, ownOf } from './own.ts'

/** What of each kind an account may look at, if it may look at any of it. */
const paths = { session: '/sessions/{id}', message: '/messages/{id}/parts', delivery: '/deliveries/{id}' }

const isFor = async (account: string, { kind, one }: Found, asked: Asked): Promise<boolean> => {
  const own = ownOf({ method: 'GET', path: paths[kind] })
  return (
    own?.narrow !== undefined && (await own.narrow({ ...asked, params: { id: one.id } }, account)) !== null
  )
}

/** Shorter ones stand for anything. */
const shortest = 4

const find = endpoint({
  ...{ method: 'GET', path: '/ids/{part}', name: 'findId', tag: 'Messages', role: 'look' },
  summary: 'Says what an id, or a part of it, stands for',
  about:
    'What an id stands for: a session, a message or a delivery. Its beginning or its end is enough, as with the commands; where that is the beginning or the end of several, a few of each kind are told',
  params: { part: idIn(`The id, or ${shortest} characters or more of its beginning or its end`) },
  answers: {
    200: {
      about: 'What begins or ends so; nothing where there is none such',
      shape: wholeOf(shape, 'FoundIds'),
    },
  },
  answer: async ({ params, query, rooms, house, request }) => {
    const { part } = params
    if (part.length < shortest) return { items: [], next: null }
    // What came a moment ago is in the views a moment later.
    const look = async (): Promise<readonly Found[] | null> => {
      const items = await rooms.desk('found', part)
      return items.length === 0 ? null : items
    }
    const items = await rooms.found(`id ${part}`, look).catch(() => [])
    const account = request.caller?.account ?? null
    const theirs = await Promise.all(
      items.map(async (item) => account === null || isFor(account, item, { params, query, rooms, house })),
    )
    return {
      items: items
        .filter((_, at) => theirs[at])
        .map((item) => ({ kind: item.kind, id: item.one.id, about: aboutFound(item) })),
      next: null,
    }
  },
})

export const idRows: readonly Endpoint[] = [find]
