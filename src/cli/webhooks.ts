/** `fsmtp webhooks`: who is told what is recorded, how far each is, and what is wrong. */
import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/schema.ts'
import { withoutSecret } from '../config/show.ts'
import type { EventLog } from '../log/port.ts'
import { type Moved, moveWebhook } from '../webhooks/moving.ts'
import { overview, shownUrl, type WebhookState } from '../webhooks/overview.ts'
import { webhookId } from '../webhooks/standing.ts'
import { CommandFault } from './fault.ts'
import { type Reading, reading } from './open.ts'
import { ndjson, print, remark, table } from './terminal.ts'
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

/** Null: from where it is. */
const move = async (
  { log, config, json }: Reading,
  typed: string,
  { from }: { readonly from: number | null },
): Promise<void> => {
  const hook = hookOf(config, typed)
  const [id, url] = [webhookId(hook.url), shownUrl(hook.url)]
  const writing = await openForWriting(config)
  try {
    const append: EventLog['append'] = (appends) => writing.append(appends)
    const position = positionOf(await moveWebhook({ log, append }, { id, from, by: 'operator' }))
    if (json) ndjson({ url, id, position })
    else print(`${url} is told what comes after position ${position}`)
  } finally {
    await writing.close()
  }
}

/** @throws CommandFault */
const positionOf = (moved: Moved): number => {
  switch (moved.kind) {
    case 'moved':
      return moved.position
    case 'beyond':
      throw new CommandFault(`the log ends at position ${moved.tail}`)
    case 'overtaken':
      throw new CommandFault('a server was first every time; try again')
    default:
      return moved satisfies never
  }
}
