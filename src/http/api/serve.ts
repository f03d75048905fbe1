/** Routes out of the table: each request is read, held against its row, answered, and what goes wrong is told as a problem. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { openSearch, type Search, TooManyWaiting, Unsearchable } from '../../searching/index.ts'
import { type Desk, openDesk, TooLong, TooMany, Unanswerable } from '../../views/desk/index.ts'
import type { House } from '../house.ts'
import type { Part } from '../listener.ts'
import { Problem } from '../problem.ts'
import { bodyOf, paramsOf, queryOf } from './asked.ts'
import { Burden, bearing } from './burden.ts'
import type { Endpoint } from './endpoint.ts'
import { Json, parseJson } from './json.ts'
import { kept, ownOf } from './own.ts'
import { roomsOf } from './rooms.ts'

export const prefix = '/api/v1'
const smallBody = 64 * 1024
/** Each answer takes a fraction of a second; where the log is a database, as long as that needs. */
const ofLog = { threads: 2, patience: 30_000, most: 200, niceness: 10 } as const

/** `/messages/{id}` as the router has it: `/api/v1/messages/:id`. */
const routeOf = ({ path }: Endpoint): string => `${prefix}${path.replace(/\{(\w+)\}/g, ':$1')}`

/** What the desk cannot answer, to be asked again. */
const told = (error: unknown): unknown => {
  if (error instanceof TooLong)
    return new Problem(503, `${error.message}: name a time, or something that can be found without a search`)
  if (error instanceof TooMany) return new Problem(503, `${error.message}; ask again in a moment`)
  if (error instanceof TooManyWaiting)
    return new Problem(503, 'many searches wait for their turn; ask again in a moment')
  if (error instanceof Unsearchable) return new Problem(503, 'mail cannot be read now; ask again in a moment')
  if (error instanceof Unanswerable)
    return new Problem(503, 'the views cannot answer now; /api/v1/views says how they are')
  return error
}

/** Where questions go that nobody else may be kept waiting for. */
type Desks = {
  readonly views: Desk
  /** Threads of its own: who looks through the log, or far back, keeps no list waiting, and mail comes first. */
  readonly log: Desk
  /** A thread of its own, which comes after all others. */
  readonly search: Search
}

/** What of the log cannot be read is no matter of the views. */
const recordsOf =
  ({ log }: Desks): Desk['ask'] =>
  (name, ...words) =>
    log.ask(name, ...words).catch((error: unknown) => {
      if (!(error instanceof Unanswerable)) throw error
      const what = error.isDamage ? 'it is damaged; fsmtp verify says where' : 'ask again in a moment'
      throw new Problem(503, `the log cannot be read here: ${what}`)
    })

const answering =
  (row: Endpoint, { desks, house }: { readonly desks: Desks; readonly house: () => House }) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { params = {}, query = {}, body, raw } = row
    if (Buffer.isBuffer(request.body) && raw === undefined) throw untaken([row], request)
    const came = {
      ...{ params: paramsOf(params, request), query: queryOf(query, request), body: bodyOf(body, request) },
      ...{
        rooms: roomsOf(house(), {
          ...{ desk: desks.views.ask, far: desks.log.ask },
          ...{ records: recordsOf(desks), search: desks.search },
        }),
        house: house(),
        request,
        reply,
      },
    }
    const account = request.caller?.account ?? null
    try {
      const answer = account === null ? await row.answer(came) : await ownAnswer(row, came, account)
      return answer instanceof Json ? reply.type('application/json; charset=utf-8').send(answer.text) : answer
    } catch (error) {
      throw told(error)
    }
  }

/** What is not the caller's is as if it were not there. @throws Problem */
const ownAnswer = async (
  row: Endpoint,
  came: Parameters<Endpoint['answer']>[0],
  account: string,
): Promise<unknown> => {
  const own = ownOf(row)
  const narrowed = own?.narrow === undefined ? came : await own.narrow(came, account)
  if (own === null || narrowed === null)
    throw new Problem(404, `there is no such thing for ${account}: it sees what concerns it`)
  return kept(await row.answer({ ...came, query: narrowed.query }), own, account)
}

/** Content types of a body that a row takes. */
const takenBy = ({ raw = {} }: Endpoint): readonly string[] => ['application/json', ...Object.keys(raw)]

/** What `curl -d` says of itself where nobody told it otherwise is refused in words that tell. */
const untaken = (rows: readonly Endpoint[], { method, routeOptions, headers }: FastifyRequest): Problem => {
  const row = rows.find((one) => one.method === method && routeOf(one) === routeOptions.url)
  const types = row === undefined ? ['application/json'] : takenBy(row)
  const type = headers['content-type']?.split(';')[0]?.slice(0, 100)
  const came = type === undefined ? 'the body does not say what it is' : `the body says it is ${type}`
  return new Problem(415, `${came}: send it with Content-Type: ${types.join(' or ')}`)
}

/** JSON as it is read here, and mail as it came; whatever else a body may be is refused. */
const takeBodies = (app: FastifyInstance, rows: readonly Endpoint[]): void => {
  const types = new Set(rows.flatMap(({ raw = {} }) => Object.keys(raw)))
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_: unknown, text: string) =>
    parseJson(text),
  )
  for (const type of types)
    app.addContentTypeParser(type, { parseAs: 'buffer' }, async (_: unknown, bytes: Buffer) => bytes)
  app.addContentTypeParser('*', (request, _, done) => done(untaken(rows, request)))
}

export type Table = {
  readonly rows: readonly Endpoint[]
  readonly directory: string
  /** As the configuration names them. */
  readonly log: string
  readonly content: string
}

export const serveTable = ({ rows, directory, log, content }: Table): Part => {
  const desks: Desks = {
    views: openDesk({ directory, log }),
    log: openDesk({ directory, log, ...ofLog }),
    search: openSearch({ data: directory, log, content }),
  }
  return (app, house) => {
    takeBodies(app, rows)
    app.addHook('onClose', async () => {
      await Promise.all([desks.views.close(), desks.log.close(), desks.search.close()])
    })
    const burden = new Burden()
    for (const row of rows)
      app.route({
        method: row.method,
        url: routeOf(row),
        ...(row.method !== 'GET' && { bodyLimit: row.bodyLimit ?? smallBody }),
        ...(row.bodyLimit !== undefined && { onRequest: bearing(burden, row.bodyLimit) }),
        config: row.access
          ? { access: row.access }
          : { access: 'account', role: row.role, own: ownOf(row) !== null },
        handler: answering(row, { desks, house }),
      })
  }
}
