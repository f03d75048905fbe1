/** The page under `/`: files that were built from `src/web`, and nothing that is anybody's secret. What it shows it asks the API for. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Part } from './listener.ts'
import { Problem } from './problem.ts'

/** Paths that are shown by the page itself. */
export const places = [
  'mail',
  'sessions',
  'deliveries',
  'machines',
  'log',
  'health',
  'replay',
  'logins',
] as const

/** Nothing is loaded from elsewhere, nothing stands in the page that runs, and no other page may show it. */
const guarded = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
} as const

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** A name holds the hash of what is in it, so it never changes. */
const forGood = 'public, max-age=31536000, immutable'

const compress = promisify(brotliCompress)
/** Small enough, quickly enough. */
const effort = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }

type Packed = { readonly plain: Buffer; readonly type: string; small: Promise<Buffer> | null }

const here = fileURLToPath(new URL('../web/dist/', import.meta.url))

/** Read once: a page that is built anew is served after the next start. */
const filesIn = (directory: string): ReadonlyMap<string, Packed> => {
  try {
    const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    return new Map(
      names
        .filter((entry) => entry.isFile() && types[extname(entry.name)] !== undefined)
        .map((entry) => {
          const path = join(entry.parentPath, entry.name)
          const name = path.slice(directory.length).replaceAll('\\', '/').replace(/^\//, '')
          return [name, { plain: readFileSync(path), type: types[extname(path)]!, small: null }]
        }),
    )
  } catch {
    return new Map()
  }
}

const give = async (request: FastifyRequest, reply: FastifyReply, file: Packed): Promise<FastifyReply> => {
  reply.headers({ ...guarded, vary: 'accept-encoding' }).type(file.type)
  const accepted = String(request.headers['accept-encoding'] ?? '')
  if (!/\bbr\b/.test(accepted)) return reply.send(file.plain)
  file.small ??= compress(file.plain, effort)
  return reply.header('content-encoding', 'br').send(await file.small)
}

/** What is said where the page was not built. */
const missing = (reply: FastifyReply): FastifyReply =>
  reply
    .code(503)
    .type('text/plain; charset=utf-8')
    .send(
      'The page is not built. In a checkout: npm run build:web, then start the server again (npm start does both).\nThe API works without it: /api/v1/openapi.json describes it.\n',
    )

/** Who looks for a page, and not for what programs ask: those are told in a shape of theirs. */
const isLooking = ({ method, url, headers: { accept = '' } }: FastifyRequest): boolean =>
  method === 'GET' && /\btext\/html\b/.test(accept) && !/^\/(?:api|assets)(?:[/?]|$)/.test(url)

export type PageOptions = {
  /** Where the built files are. */
  readonly directory?: string
}

export const page = ({ directory = here }: PageOptions = {}): Part => {
  const files = filesIn(directory)
  const index = (request: FastifyRequest, reply: FastifyReply) => {
    const file = files.get('index.html')
    return file === undefined
      ? missing(reply)
      : give(request, reply.header('cache-control', 'no-cache'), file)
  }
  return (app) => {
    const config = { access: 'anybody' } as const
    // The page says itself that there is no such place, and which there are.
    app.addHook('onRequest', async (request, reply) => {
      if (request.is404 && isLooking(request) && files.has('index.html'))
        return index(request, reply.code(404))
    })
    app.get('/', { config }, index)
    for (const place of places) {
      app.get(`/${place}`, { config }, index)
      app.get(`/${place}/*`, { config }, index)
    }
    app.get<{ Params: { readonly name: string } }>('/assets/:name', { config }, (request, reply) => {
      const file = files.get(`assets/${request.params.name}`)
      if (file === undefined) throw new Problem(404, 'there is no such file of the page')
      return give(request, reply.header('cache-control', forGood), file)
    })
  }
}
