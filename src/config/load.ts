/** From a file to an effective configuration, or to every fault in it. */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { contradictions } from './checks.ts'
import { type Document, readDocument } from './document.ts'
import { ConfigFault, type Fault, type Path } from './fault.ts'
import { readText } from './files.ts'
import { unwrap } from './notes.ts'
import { withPlayground } from './playground.ts'
import { type Aside, readPolicyAside } from './policy-aside.ts'
import { type Config, schema } from './schema.ts'
import { issueText, unknownKey } from './words.ts'

export type Origin = 'file' | 'default' | 'flag'

export type Loaded = {
  readonly config: Config
  /** Where a value comes from, by path: `limits.messageSize`, `listeners[0].port`. */
  origin(path: string | Path): Origin
  readonly playground: boolean
  /** The configuration file, absolute; null when there is none. */
  readonly file: string | null
  /** The file as it was written; empty when there is none. */
  readonly document: Document
  /** The file that holds the policy, absolute; null where it is the same one, or there is none. */
  readonly policyFile: string | null
  /** A fault of a setting, at its place in the file that it is in. */
  located(finding: Finding): Fault
}

export const defaultFile = 'fsmtp.yaml'

/** The schema at `path`, as far as it has one. */
const schemaAt = (path: readonly PropertyKey[]): z.core.$ZodType =>
  path.reduce<z.core.$ZodType>((outer, step) => {
    const { schema: inner } = unwrap(outer)
    if (inner instanceof z.ZodObject) return inner.shape[String(step)] ?? inner
    if (inner instanceof z.ZodPipe) return inner.def.out instanceof z.ZodArray ? inner.def.out.element : inner
    if (inner instanceof z.ZodRecord) return inner.valueType
    return inner instanceof z.ZodArray ? inner.element : inner
  }, schema)

type Finding = { readonly path: Path; readonly message: string }

const findings = (issue: z.core.$ZodIssue): Finding[] => {
  const path = issue.path as Path
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  const beside = unwrap(schemaAt(path)).schema
  return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, beside, schema) }))
}

/** `tls: {...}` is read as a list of one: its path has no index in the file. */
const asWritten = (path: Path, document: Document): Path =>
  path[0] === 'tls' && path[1] === 0 && !document.has(['tls', 0]) ? ['tls', ...path.slice(2)] : path

const inOrder = (one: Fault, other: Fault): number =>
  (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0)

type Folders = { readonly folder: string; readonly policyFolder: string; readonly data: string | null }

const absolute = (config: Config, { folder, policyFolder, data }: Folders): Config => ({
  ...config,
  ...(config.policy && { policy: withFiles(config.policy, policyFolder) }),
  data: data ?? resolve(folder, config.data),
  ...(config.returnPathKey !== undefined && { returnPathKey: resolve(folder, config.returnPathKey) }),
  tls: config.tls.map((entry) => ({
    ...entry,
    certificate: resolve(folder, entry.certificate),
    key: resolve(folder, entry.key),
  })),
  webhooks: config.webhooks.map((hook) => ({ ...hook, secretFile: resolve(folder, hook.secretFile) })),
  telemetry: {
    ...config.telemetry,
    ...(config.telemetry.headersFile !== undefined && {
      headersFile: resolve(folder, config.telemetry.headersFile),
    }),
  },
  domains: config.domains.map((domain) => ({
    ...domain,
    dkim: domain.dkim.map((entry) => ({ ...entry, key: resolve(folder, entry.key) })),
  })),
})

const withFiles = (policy: NonNullable<Config['policy']>, folder: string): Config['policy'] => ({
  ...policy,
  dnsbl: policy.dnsbl.map((list) => ({
    ...list,
    ...(list.keyFile !== undefined && { keyFile: resolve(folder, list.keyFile) }),
  })),
})

/** A fault at `path`, with its place in the document. */
export const faultAt = (document: Document, file: string | null, { path, message }: Finding): Fault => {
  const written = asWritten(path, document)
  const place = document.locate(written)
  const known = file !== null && document.has(written.slice(0, 1))
  return {
    file,
    line: known ? place.line : null,
    column: known ? place.column : null,
    path: written,
    message,
  }
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Written = { readonly document: Document; readonly file: string | null; readonly aside: Aside | null }

const locatedIn =
  ({ document, file, aside }: Written) =>
  ({ path, message }: Finding): Fault =>
    aside !== null && path[0] === 'policy'
      ? faultAt(aside.document, aside.shown, { path: path.slice(1), message })
      : faultAt(document, file, { path, message })

const effective = (written: Written): Config => {
  const { document, file, aside } = written
  const faults = [...document.faults, ...(aside?.document.faults ?? [])]
  if (faults.length > 0) throw new ConfigFault(faults)
  if (!isSection(document.value)) {
    const message = 'must hold settings, one `key: value` a line; see `fsmtp config sample`'
    throw new ConfigFault([{ file, line: 1, column: 1, path: [], message }])
  }
  const raw = withPlayground({ ...document.value, ...(aside && { policy: aside.document.value }) })
  const parsed = schema.safeParse(raw, { error: issueText })
  const found = [...(parsed.error?.issues.flatMap(findings) ?? []), ...contradictions(raw)]
  if (parsed.success && found.length === 0) return parsed.data
  throw new ConfigFault(found.map(locatedIn(written)).sort(inOrder))
}

const steps = (path: string): Path =>
  path.split(/\.|\[(\d+)\]/).flatMap((step) => (step ? [/^\d+$/.test(step) ? Number(step) : step] : []))

export type ParseOptions = {
  /** The name that faults carry. */
  readonly shown: string | null
  /** Absolute, or null. */
  readonly file: string | null
  /** What relative paths are seen from. */
  readonly folder: string
  /** `--data`, absolute, or null. */
  readonly data: string | null
}

/** @throws ConfigFault */
export const parseConfig = (text: string, { shown, file, folder, data }: ParseOptions): Loaded => {
  const document = readDocument(text, shown ?? '')
  const aside = readPolicyAside(document, { shown, folder })
  const policyFolder = aside === null ? folder : dirname(aside.file)
  const written = { document, file: shown, aside }
  const config = absolute(effective(written), { folder, policyFolder, data })
  const origin = (path: string | Path): Origin => {
    const at = typeof path === 'string' ? steps(path) : path
    if (at[0] === 'data' && data !== null) return 'flag'
    if (aside !== null && at[0] === 'policy') return aside.document.has(at.slice(1)) ? 'file' : 'default'
    return file !== null && document.has(asWritten(at, document)) ? 'file' : 'default'
  }
  return {
    ...{ config, origin, playground: config.playground, file, document },
    policyFile: aside?.file ?? null,
    located: locatedIn(written),
  }
}

/** @throws ConfigFault */
const textOf = (file: string, shown: string): string => {
  const read = readText(file)
  if ('text' in read) return read.text
  const hint = '; `fsmtp init DOMAIN` writes one, `fsmtp config sample` prints one'
  const message = `${read.wrong}${read.wrong === 'there is no such file' ? hint : ''}`
  throw new ConfigFault([{ file: shown, line: null, column: null, path: [], message }])
}

export type LoadOptions = {
  /** `--config`; without it `fsmtp.yaml` in `cwd`, if it is there. */
  readonly file?: string | undefined
  /** `--data`. */
  readonly data?: string | undefined
  readonly cwd?: string | undefined
}

/**
 * The effective configuration: that of the file, or the playground's when there is none.
 * @throws ConfigFault with every fault and its place
 */
export const loadConfig = ({ file, data, cwd = process.cwd() }: LoadOptions = {}): Loaded => {
  const flag = data === undefined ? null : resolve(cwd, data)
  const shown = file ?? (existsSync(resolve(cwd, defaultFile)) ? defaultFile : null)
  if (shown === null)
    return parseConfig('playground: true', { shown: null, file: null, folder: cwd, data: flag })
  const found = resolve(cwd, shown)
  return parseConfig(textOf(found, shown), { shown, file: found, folder: dirname(found), data: flag })
}
