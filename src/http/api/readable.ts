/** `/api/docs`: the description of the API, readable: one page without a script, made of the same document that generators read. */
import { createHash } from 'node:crypto'

type Json = Readonly<Record<string, unknown>>

/** What the description consists of, as far as it is shown. */
type Schema = Json & {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly format?: string
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>
type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly parameters?: readonly (Json & {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: Schema
    readonly description?: string
  })[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
  readonly 'x-role'?: string
}
export type Document = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const escaped = (text: unknown): string =>
  String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
const code = (text: unknown): string => `<code>${escaped(text)}</code>`
/** Backquotes are all there is of Markdown in it. */
const prose = (text = ''): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>')

/** What a value is, in a few words. */
const kindOf = (schema: Schema): string => {
  const { $ref, type, enum: words, anyOf, oneOf, items, format } = schema
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1)
    return `<a href="#schema-${escaped(name)}">${escaped(name)}</a>`
  }
  const several = anyOf ?? oneOf
  if (several !== undefined) return [...new Set(several.map(kindOf))].join(' or ')
  if (words !== undefined) return words.map(code).join(' | ')
  if ('const' in schema) return code(schema.const)
  if (items !== undefined) return `list of ${kindOf(items)}`
  const plain = [type ?? 'anything'].flat().map(escaped).join(' or ')
  return format === undefined ? plain : `${plain} (${escaped(format)})`
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0
    ? ''
    : `<div class="wide"><table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows
        .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
        .join('')}</tbody></table></div>`

const contentRows = (content: Content = {}): readonly string[] =>
  Object.entries(content).map(
    ([type, { schema }]) =>
      `${code(type)}: ${schema.description === undefined ? kindOf(schema) : prose(schema.description)}`,
  )

const operation = (path: string, [method, shown]: readonly [string, Operation]): string => {
  const { operationId, summary, description, parameters = [], requestBody, responses, 'x-role': role } = shown
  return `<details id="${escaped(operationId)}"><summary><code><b>${method.toUpperCase()}</b> ${escaped(path)}</code> ${escaped(summary)}</summary>
<p>${prose(description)}.</p><p>Role: ${role === undefined ? 'none, anybody may ask' : code(role)}. Name: ${code(operationId)}.</p>
${table(
  ['Parameter', 'in', 'is', 'says'],
  parameters.map(({ name, in: place, required, schema, description: says }) => [
    code(name) + (required ? ' <b>required</b>' : ''),
    ...[escaped(place), kindOf(schema), prose(says)],
  ]),
)}
${requestBody === undefined ? '' : `<p>Body: ${contentRows(requestBody.content).join('; ')}</p>`}
${table(
  ['Answer', 'when', 'is'],
  Object.entries(responses).map(([status, { description: when, content }]) => [
    ...[code(status), prose(when), contentRows(content).join('<br>')],
  ]),
)}</details>`
}

const schemaSection = ([name, schema]: readonly [string, Schema]): string => {
  const { properties = {}, required = [], description } = schema
  const fields = Object.entries(properties).map(([field, of]) => [
    code(field) + (required.includes(field) ? '' : ' (optional)'),
    ...[kindOf(of), prose(of.description)],
  ])
  const itself = fields.length === 0 ? `<p>${kindOf(schema)}</p>` : table(['Field', 'is', 'says'], fields)
  return `<details id="schema-${escaped(name)}"><summary>${code(name)}</summary><p>${prose(description)}</p>${itself}</details>`
}

const style = `:root{color-scheme:light dark;background:Canvas;color:CanvasText}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
code{font-size:.9em}details{border-block-end:1px solid #8886;padding:.4rem 0}summary{cursor:pointer;overflow-wrap:anywhere}.wide{overflow-x:auto}
table{border-collapse:collapse;margin:.5rem 0}th,td{border-block-end:1px solid #8884;padding:.2rem .8rem .2rem 0;text-align:start;vertical-align:top}`

/** Nothing but its own style: no script, nothing from elsewhere, in no frame. */
export const readablePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

export const readable = ({ info, tags, paths, components }: Document): string => {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map((each) => ({ tag: each[1].tags[0], text: operation(path, each) })),
  )
  const sections = tags.map(
    ({ name }) =>
      `<section aria-label="${escaped(name)}"><h2>${escaped(name)}</h2>${all
        .filter(({ tag }) => tag === name)
        .map(({ text }) => text)
        .join('\n')}</section>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(info.title)} API</title><style>${style}</style></head>
<body><main><h1>${escaped(info.title)} API ${escaped(info.version)}</h1><p>${prose(info.description)}</p><p><a href="/api/v1/openapi.json">openapi.json</a> is the same for programs.</p>
${sections.join('\n')}
<section aria-label="Shapes"><h2>Shapes</h2>${Object.entries(components.schemas).map(schemaSection).join('\n')}</section></main></body></html>`
}
