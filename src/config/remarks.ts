/** What `config check` notes: settings that are right but have no effect, in this release or beside the others. */
import type * as z from 'zod'
import type { Fault, Path } from './fault.ts'
import { faultAt, type Loaded } from './load.ts'
import { noteOf, unwrap } from './notes.ts'
import { schema } from './schema.ts'

type Remark = { readonly path: Path; readonly message: string }

const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Remarks on what stands in `value`, the file's own words, by the notes of `type`. */
const inert = (type: z.core.$ZodType, value: unknown, path: Path): Remark[] => {
  const message = noteOf(type).inert
  const nothing = isSection(value) && Object.keys(value).length === 0
  if (message) return nothing ? [] : [{ path, message }]
  const { def } = unwrap(type).schema._zod
  if ('element' in def && Array.isArray(value))
    return value.flatMap((inner, at) => inert(def.element as z.core.$ZodType, inner, [...path, at]))
  if (!('shape' in def) || !isSection(value)) return []
  const shape = def.shape as z.core.$ZodShape
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = shape[key]
    return field ? inert(field, inner, [...path, key]) : []
  })
}

const ownCertificate = ({ config, file }: Loaded): Remark[] =>
  config.tls.length > 0 || file === null
    ? []
    : [
        {
          path: [],
          message: 'no tls section: a self-signed certificate is made, which other programs will not trust',
        },
      ]

const unusedSmarthost = ({ config: { delivery } }: Loaded): Remark[] =>
  delivery.smarthost === undefined || delivery.route === 'smarthost'
    ? []
    : [
        {
          path: ['delivery', 'smarthost'],
          message: `not used: delivery.route is ${delivery.route}; write route: smarthost`,
        },
      ]

/** RFC 6376: whoever gets its mail cannot tell it from what others send in its name. */
const unsigned = ({ config: { domains, delivery }, playground }: Loaded): Remark[] =>
  playground || delivery.route === 'capture'
    ? []
    : domains.flatMap(({ name, dkim }, at) =>
        dkim.length > 0
          ? []
          : [{ path: ['domains', at], message: `${name} has no dkim: its mail leaves unsigned` }],
      )

/** Somebody may mean no limit by it. */
const keptForNoTime = ({ config: { retention } }: Loaded): Remark[] =>
  (['sessions', 'refusedSessions', 'content'] as const)
    .filter((what) => retention[what] === 0)
    .map((what) => ({
      path: ['retention', what],
      message: `kept for no time: ${what === 'content' ? 'mail is removed, from mailboxes too,' : 'a history is forgotten'} as soon as it may be; write forever to keep it`,
    }))

/** One line for each setting that will not do what one might think. */
export const remarks = (loaded: Loaded, shown: string | null): readonly Fault[] =>
  [
    ...inert(schema, loaded.document.value, []),
    ...unusedSmarthost(loaded),
    ...unsigned(loaded),
    ...keptForNoTime(loaded),
    ...ownCertificate(loaded),
  ].map((remark) => faultAt(loaded.document, shown, remark))
