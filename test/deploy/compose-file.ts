/** docker-compose.yml as `docker compose` reads it: merges done, variables filled in from .env. */
import { parse } from 'yaml'
import { read } from '../house/sources.ts'

export type Condition = { readonly condition: string }
export type Attached = { readonly ipv4_address?: string; readonly aliases?: readonly string[] } | null
export type Service = {
  readonly image?: string
  readonly build?: string
  readonly profiles: readonly string[]
  readonly command?: readonly string[]
  readonly working_dir?: string
  readonly entrypoint?: readonly string[]
  readonly restart?: string
  readonly user?: string
  readonly read_only?: boolean
  readonly init?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly logging?: { readonly options?: { readonly 'max-size'?: string } }
  readonly mem_limit?: string
  readonly cpus?: number
  readonly pids_limit?: number
  readonly stop_grace_period?: string
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly networks?: readonly string[] | Readonly<Record<string, Attached>>
  readonly network_mode?: string
  readonly depends_on?: Readonly<Record<string, Condition>>
  readonly healthcheck?: { readonly test: readonly string[] }
}
export type Compose = {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<
    Record<string, { internal?: boolean; ipam?: { config: { subnet: string }[] } } | null>
  >
  readonly volumes: Readonly<Record<string, null>>
}

/** The variables that .env sets. */
export const dotEnv = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    read('.env')
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  )

const fill = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replaceAll(
    /\$\{([A-Z_0-9]+)(?::([-?])([^}]*))?\}/g,
    (found, name: string, kind?: string, other?: string) => {
      const value = variables[name]
      if (value) return value
      if (kind === '-') return other ?? ''
      throw new Error(`${found} has no value in .env`)
    },
  )

const filled = (value: unknown, variables: Readonly<Record<string, string>>): unknown => {
  if (typeof value === 'string') return fill(value, variables)
  if (Array.isArray(value)) return value.map((inner) => filled(inner, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, variables)]))
}

export const compose = (): Compose =>
  filled(parse(read('docker-compose.yml'), { merge: true }), dotEnv()) as Compose

export const networksOf = ({ networks }: Service): Readonly<Record<string, Attached>> =>
  Array.isArray(networks)
    ? Object.fromEntries(networks.map((name: string) => [name, null]))
    : ((networks as Readonly<Record<string, Attached>> | undefined) ?? {})

export type Mount = {
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
  readonly isPath: boolean
}
export const mountsOf = ({ volumes = [] }: Service): readonly Mount[] =>
  volumes.map((text) => {
    const [source = '', target = '', mode] = text.split(':')
    return { source, target, readOnly: mode === 'ro', isPath: source.startsWith('.') }
  })

/** Services that stay, and jobs that end. */
export const isJob = ({ restart }: Service): boolean => restart === 'no'
/** Those that run `fsmtp serve`. */
export const isServer = ({ command }: Service): boolean => command?.[0] === 'serve'
