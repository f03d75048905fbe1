/** The description of the API (OpenAPI 3.1), made from the same rows as its routes, and from the shapes. */
import { z } from 'zod'
import { version } from '../../version.ts'
import type { Answers, Endpoint } from './endpoint.ts'
import { ownOf } from './own.ts'

type Json = Readonly<Record<string, unknown>>
type Components = Record<string, Json>

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    session: z
      .string()
      .describe('Of a mail that was refused: the id of the session in which it was')
      .optional(),
  })
  .describe('What went wrong (RFC 9457)')
  .meta({ id: 'Problem' })

/** A schema as OpenAPI has it; those with a name go to the components, once. */
const schemaOf = (schema: z.ZodType, components: Components): Json => {
  const {
    $schema,
    $defs = {},
    ...found
  } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as Json & { readonly $defs?: Components }
  const named = schema.meta()?.id
  for (const [name, definition] of Object.entries($defs)) components[name] = relinked(definition)
  const here = relinked(found)
  if (named === undefined || '$ref' in here) return here
  const { id, ...definition } = here
  components[named] = definition
  return { $ref: `#/components/schemas/${named}` }
}

const relinked = (schema: Json): Json =>
  JSON.parse(
    JSON.stringify(schema, (key, value) =>
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/components/schemas/')
        : value,
    ),
  ) as Json

const parametersOf = (
  { params = {}, query = {}, headers = {} }: Endpoint,
  components: Components,
): Json[] => {
  const all = [
    ...Object.entries(params).map((field) => ['path', ...field] as const),
    ...Object.entries(query).map((field) => ['query', ...field] as const),
    ...Object.entries(headers).map((field) => ['header', ...field] as const),
  ]
  return all.map(([place, name, schema]) => {
    const { description, ...rest } = schemaOf(schema, components)
    return {
      ...{ name, in: place, required: place === 'path' || !schema.safeParse(undefined).success },
      ...(description !== undefined && { description }),
      schema: rest,
    }
  })
}

const bytes: Json = { type: 'string' }

const contentOf = ({ shape, media = {} }: Answers, components: Components): Json => ({
  ...(shape && { 'application/json': { schema: schemaOf(shape, components) } }),
  ...Object.fromEntries(
    Object.entries(media).map(([type, description]) => [type, { schema: { ...bytes, description } }]),
  ),
})

/** What any request may come to. */
const always: Readonly<Record<number, string>> = {
  400: 'What was asked is not as it should be; the detail says what to do',
  401: 'Nobody has logged in',
  403: 'It is not for whoever asks',
  503: 'Ask again in a moment; the detail says why',
}

/** What an account is not told of is as if it were not there. */
const hidden = (row: Endpoint): Readonly<Record<number, string>> =>
  ownOf(row)?.narrow !== undefined && row.params !== undefined
    ? { 404: 'There is none, or none for the account that asks' }
    : {}

const responsesOf = (row: Endpoint, components: Components): Json => {
  const { answers, problems = {} } = row
  const told = Object.entries({ ...always, ...hidden(row), ...problems }).map(([status, description]) => [
    status,
    {
      description,
      content: { 'application/problem+json': { schema: schemaOf(problem, components) } },
    },
  ])
  const answered = Object.entries(answers).map(([status, answer]) => {
    const content = contentOf(answer, components)
    return [status, { description: answer.about, ...(Object.keys(content).length > 0 && { content }) }]
  })
  return Object.fromEntries([...answered, ...told])
}

const bodyOf = ({ body, raw = {} }: Endpoint, components: Components): Json => {
  if (body === undefined && Object.keys(raw).length === 0) return {}
  const content = {
    ...(body && { 'application/json': { schema: schemaOf(body, components) } }),
    ...Object.fromEntries(
      Object.entries(raw).map(([type, description]) => [type, { schema: { ...bytes, description } }]),
    ),
  }
  return { requestBody: { required: true, content } }
}

/** Who may ask, beside those who see everything: keys and logins of one account, for so much of it; null: they may not. */
export const forAccount = (row: Endpoint): string | null => ownOf(row)?.about ?? null

const describedOf = (row: Endpoint): string => {
  if (row.access === 'anybody') return row.about
  const about = forAccount(row)
  return about === null
    ? `${row.about}. Not for keys and logins of one account (403)`
    : `${row.about}. For keys and logins of one account: ${about}`
}

const operationOf = (row: Endpoint, components: Components): Json => {
  const parameters = parametersOf(row, components)
  return {
    ...{
      operationId: row.name,
      summary: row.summary,
      description: describedOf(row),
      tags: [row.tag],
    },
    ...(parameters.length > 0 && { parameters }),
    ...bodyOf(row, components),
    responses: responsesOf(row, components),
    ...(row.access === 'anybody' ? { security: [{}] } : { 'x-role': row.role, 'x-account': forAccount(row) }),
  }
}

const about = `Everything that this mail server knows, and what can be done with it. Lists are given the newest first, a page at a time; \`next\` is the
cursor of the next page, and pages never shift while mail flows. Times are ISO 8601 in UTC, sizes are bytes. Fields may be added, and are
never renamed. In a playground nobody has to log in; elsewhere a key is sent as \`Authorization: Bearer\`.`

export const documentOf = (rows: readonly Endpoint[], prefix: string): Json => {
  const components: Components = {}
  const paths: Record<string, Record<string, Json>> = {}
  for (const row of rows) {
    const path = `${prefix}${row.path}`
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: operationOf(row, components) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'FSMTP',
      version,
      description: about.replaceAll('\n', ' '),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, { login: [] }, {}],
    tags: [...new Set(rows.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(components).toSorted(([one], [other]) => (one < other ? -1 : 1)),
      ),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key' },
        login: { type: 'apiKey', in: 'cookie', name: 'fsmtp', description: 'The login of the page' },
      },
    },
  }
}
