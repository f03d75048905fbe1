/** The server's side of filters on `$all`: by the beginning of a name, or by a regular expression. */
import { invalidArgument } from './errors.ts'
import type { LogRecord } from './log.ts'
import type { Streams } from './messages.ts'

export type Filter = {
  readonly passes: (record: LogRecord) => boolean
  /** After how many events, passed or not, a subscription says how far it has looked. */
  readonly checkpointInterval: number
}

/** How many events the server looks at for one page, where the client leaves it open. */
export const searchWindow = 32

const matching = (
  expression: Streams.ReadReq.Options.FilterOptions.Expression,
): ((name: string) => boolean) => {
  const regex = expression.getRegex()
  if (regex !== '') {
    const pattern = new RegExp(regex)
    return (name) => pattern.test(name)
  }
  const prefixes = expression.getPrefixList()
  return (name) => prefixes.some((prefix) => name.startsWith(prefix))
}

/** @throws a failure for what is neither a filter on names nor on types */
export const filterOf = (options: Streams.ReadReq.Options): Filter | undefined => {
  const asked = options.getFilter()
  if (asked === undefined) return undefined
  const onStream = asked.getStreamIdentifier()
  const onType = asked.getEventType()
  const expression = onStream ?? onType
  if (expression === undefined) throw invalidArgument('a filter needs stream names or event types')
  const matches = matching(expression)
  const window = asked.hasMax() ? asked.getMax() : searchWindow
  return {
    passes: onStream ? ({ stream }) => matches(stream) : ({ type }) => matches(type),
    checkpointInterval: asked.getCheckpointintervalmultiplier() * window,
  }
}
