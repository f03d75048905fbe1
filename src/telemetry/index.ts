/** Traces for a collector of OpenTelemetry. Where none is configured nothing of it is loaded. */
import { now } from '../actors/identity.ts'
import type { Config } from '../config/schema.ts'
import { heard } from '../log/heard.ts'
import type { EventLog } from '../log/port.ts'
import type { Collector, Exported, Exporter } from './exporter.ts'
import type { Telling } from './telling.ts'

export type { Exported } from './exporter.ts'

export type Telemetry = {
  /** The same log; what is appended is told of, once it is on stable storage. */
  watchedLog(log: EventLog): EventLog
  /** Null where no collector is configured. */
  figures(): Exported | null
  /** @throws ConfigFault; then nothing has changed */
  reload(config: TelemetryConfig): Promise<void>
  /** Sends what is left, for a moment. */
  stop(): Promise<void>
}

export type TelemetryConfig = Pick<Config, 'telemetry'>

export type TelemetryOptions = {
  readonly config: TelemetryConfig
  readonly node: string
  readonly info: (what: string) => void
  readonly warn: (what: string) => void
}

type Open = { readonly exporter: Exporter; readonly telling: Telling }

/** @throws ConfigFault where the file with the headers cannot be read */
export const openTelemetry = async ({ config, ...parts }: TelemetryOptions): Promise<Telemetry> => {
  let open = await opened(config, parts)
  return {
    watchedLog: (log) =>
      heard(log, () => {
        const to = open
        return to && ((appends) => to.exporter.offer(to.telling.spansOf(appends)))
      }),
    figures: () => open?.exporter.figures ?? null,
    reload: async (settings) => {
      if (open === null) open = await opened(settings, parts)
      else {
        const collector = await collectorOf(settings)
        if (collector !== null) open.exporter.use(collector)
        else {
          void open.exporter.stop()
          open = null
        }
      }
    },
    stop: async () => open?.exporter.stop(),
  }
}

const opened = async (
  config: TelemetryConfig,
  parts: Omit<TelemetryOptions, 'config'>,
): Promise<Open | null> => {
  const collector = await collectorOf(config)
  if (collector === null) return null
  const [{ Exporter }, { Telling }] = await Promise.all([import('./exporter.ts'), import('./telling.ts')])
  return { exporter: new Exporter({ ...parts, collector }), telling: new Telling({ since: now() }) }
}

/** Null where none is configured. @throws ConfigFault */
const collectorOf = async (config: TelemetryConfig): Promise<Collector | null> =>
  config.telemetry.endpoint === undefined ? null : (await import('./headers.ts')).loadCollector(config)
