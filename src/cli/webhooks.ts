/** `fsmtp webhooks`: who is told what is recorded, how far each is, and what is wrong. */
import { type Command, InvalidArgumentError } from 'commander'
import type { WebhookMoved } from '../../machines/vocabulary/events.ts'
import { newEventId } from '../actors/identity.ts'
import type { Config } from '../config/schema.ts'
import { withoutSecret } from '../config/show.ts'
import { kindOf, WrongRevision } from '../log/port.ts'
import { overview, shownUrl, type WebhookState } from '../webhooks/overview.ts'
import { type Standing, standingOf, webhookId, webhookStream } from '../webhooks/standing.ts'
import { CommandFault } from './fault.ts'
import { type Reading, reading } from './open.ts'
import { counted, ndjson, print, remark, table } from './terminal.ts'
import { openForWriting } from './write.ts'

const example = `
Each webhook of the configuration is told the events it asks for, in order; one that is not taken is sent again until it is.
replay tells everything after a position once more (or leaves out what is between); enable goes on with one that answered 410.
Examples:
  fsmtp webhooks
  fsmtp webhooks replay http://127.0.0.1:9000/hook --from 0
  fsmtp webhooks enable http://127.0.0.1:9000/hook`

export const register = (program: Command): void => {
  const webhooks = program
    .command('webhooks')
    .description('webhooks: how far each is told, and what keeps it')
    .addHelpText('after', example)
    .action((_: unknown, command: Command) => reading(command, list))
  webhooks
    .command('replay')
    .argument('<url>', 'as the configuration has it')
    .description('tell it again what came after a position')
    .requiredOption('--from <position>', 'what comes after this position is told; 0: everything', position)
    .addHelpText('after', '\nExample: fsmtp webhooks replay http://127.0.0.1:9000/hook --from 120000')
    .action((url: string, { from }: { from: number }, command: Command) =>
      reading(command, (opened) => move(opened, url, { from })),
    )
  webhooks
    .command('enable')
    .argument('<url>', 'as the configuration has it')
    .description('go on with one whose receiver wanted no more, or try at once one that waits')
    .addHelpText('after', '\nExample: fsmtp webhooks enable http://127.0.0.1:9000/hook')
    .action((url: string, _: unknown, command: Command) =>
      reading(command, (opened) => move(opened, url, { from: null })),
    )
}

const position = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('give a position: a whole number from 0')
  return Number(text)
}

const behindText = ({ behind, behindIsMore }: WebhookState): string => `${behind}${behindIsMore ? '+' : ''}`

const list = async ({ log, config, json }: Reading): Promise<void> => {
  const states = await overview(log, config.webhooks)
  if (json) for (const state of states) ndjson(state)
  else if (states.length === 0) remark('no webhooks; `webhooks` in the configuration names them')
  else
    table(states, [
      { title: 'WEBHOOK', value: ({ url }) => url, shrinks: true },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'POSITION', value: ({ position: at }) => (at === null ? '' : String(at)) },
      { title: 'BEHIND', value: behindText },
      { title: 'SERVER', value: ({ node }) => node },
      { title: 'TRIES', value: ({ attempts }) => (attempts === 0 ? '' : String(attempts)) },
      { title: 'NEXT', value: ({ nextAttemptAt }) => nextAttemptAt },
      { title: 'WHY', value: ({ error }) => error },
    ])
}

/** As it is written in the configuration, or as it is shown. @throws CommandFault */
const hookOf = ({ webhooks }: Config, typed: string): Config['webhooks'][number] => {
  const found = webhooks.find(({ url }) =>
    [url, shownUrl(url), url.replace(/\/$/, ''), webhookId(url)].includes(typed),
  )
  if (found !== undefined) return found
  throw new CommandFault(
    `there is no webhook ${withoutSecret(typed)} in the configuration; see \`fsmtp webhooks\``,
  )
}

/** A server may say something of it at the same moment, again and again. */
const mostTries = 20

/** Null: from where it is. */
const move = async (
  { log, config, json }: Reading,
  typed: string,
  { from }: { readonly from: number | null },
): Promise<void> => {
  const { url } = hookOf(config, typed)
  if (from !== null && from > (await log.tail()))
    throw new CommandFault(`the log ends at position ${await log.tail()}`)
  const writing = await openForWriting(config)
  const say = async (standing: Standing | null): Promise<number> => {
    const at = Date.now()
    const data: WebhookMoved = {
      ...{ webhook: webhookId(url), by: 'operator' },
      position: from ?? standing?.position ?? (await log.tail()),
    }
    const event = { id: newEventId(at), kind: kindOf('WebhookMoved', 1, {}), at, data }
    await writing.append([
      { stream: webhookStream(url), expected: standing?.revision ?? -1, events: [event] },
    ])
    return data.position
  }
  try {
    const to = await untilSaid(async () => say(await standingOf(log, url)))
    if (json) ndjson({ url: shownUrl(url), id: webhookId(url), position: to })
    else print(`${shownUrl(url)} is told what comes after position ${to}`)
  } finally {
    await writing.close()
  }
}

/** @throws CommandFault where somebody else is first every time */
const untilSaid = async (say: () => Promise<number>): Promise<number> => {
  for (let tries = 0; tries < mostTries; tries++)
    try {
      return await say()
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error
    }
  throw new CommandFault(`a server was first ${counted(mostTries, 'time')}; try again`)
}
