/** Lines about mail, for those who read the log of their machine. */
import { now } from '../actors/identity.ts'
import type { Config } from '../config/schema.ts'
import { heard } from '../log/heard.ts'
import type { EventLog } from '../log/port.ts'
import type { Notices } from '../notices.ts'
import { Lines } from './lines.ts'

export type MailLinesConfig = Pick<Config, 'logging'>

export type MailLines = {
  /** The same log; what is appended is told of, where that is asked for. */
  watchedLog(log: EventLog): EventLog
  reload(config: MailLinesConfig): void
}

export const openMailLines = (config: MailLinesConfig, info: Notices['info']): MailLines => {
  let lines: Lines | null = null
  const set = ({ logging }: MailLinesConfig): void => {
    if (!logging.mail) lines = null
    else lines ??= new Lines({ since: now() })
  }
  set(config)
  return {
    watchedLog: (log) =>
      heard(log, () => {
        const open = lines
        if (open === null) return null
        return (appends) => {
          for (const { what, about } of open.of(appends)) info(what, about)
        }
      }),
    reload: set,
  }
}
