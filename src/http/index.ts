/** What this server says of itself over HTTP. Where no listener of service http is configured, nothing of it is loaded. */
import type { Config, Listener } from '../config/schema.ts'
import type { ContentStore } from '../content/port.ts'
import type { Asked } from '../dns/index.ts'
import type { Spot } from '../listening.ts'
import type { EventLog } from '../log/port.ts'
import type { Warn } from '../notices.ts'
import type { House } from './house.ts'

export type { House } from './house.ts'

export type Http = {
  /** The same log; what goes through is measured. */
  watchedLog(log: EventLog): EventLog
  /** The same store; its failures are counted. */
  watchedContent(content: ContentStore): ContentStore
  /** Counts a question to DNS. */
  asked(question: Asked): void
  /** Opens the listeners. @throws PortInUse; Unguarded where something would be open to people it must not be open to */
  start(house: House): Promise<void>
  /** Where it listens. */
  readonly spots: readonly Spot[]
  /** Takes over names and networks of a configuration that was read again. */
  reload(config: Config): void
  /** Not ready any more, however well all is; questions are still answered. */
  leaving(): void
  /** Answers what was asked already, for a moment, and closes. */
  stop(): Promise<void>
}

export type HttpOptions = {
  readonly config: Config
  readonly warn: Warn
}

export const isHttp = (listener: Listener): boolean => listener.service === 'http'

/** To be called before the log is opened, so that it can be watched from the first append. */
export const openHttp = async (options: HttpOptions): Promise<Http> => {
  if (!options.config.listeners.some(isHttp)) return silent
  const { Web } = await import('./web.ts')
  return new Web(options)
}

const silent: Http = {
  watchedLog: (log) => log,
  watchedContent: (content) => content,
  asked: () => {},
  start: async () => {},
  spots: [],
  reload: () => {},
  leaving: () => {},
  stop: async () => {},
}
