/** Who is told of what is recorded, and how far; and telling them again. */
import { z } from 'zod'
import { count } from '../../shapes/shape.ts'
import { webhook, webhookMoved } from '../../shapes/webhook.ts'
import { type Move, moveWebhook } from '../../webhooks/moving.ts'
import type { House } from '../house.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn } from './fields.ts'
import { wholeOf } from './lists.ts'

const tag = 'Events'

const list = endpoint({
  ...{ method: 'GET', path: '/webhooks', name: 'listWebhooks', tag, role: 'look' },
  summary: 'Lists webhooks, and how far each is told',
  about: 'The webhooks of the configuration: how far each is told, and what keeps it',
  answers: {
    200: { about: 'All of them', shape: wholeOf(webhook, 'Webhooks') },
  },
  answer: async ({ house }) => ({ items: await house.webhooks(), next: null }),
})

/** @throws Problem */
const moved = async ({ log, webhookCounts }: House, move: Move): Promise<z.output<typeof webhookMoved>> => {
  const { id } = move
  const url = webhookCounts().find((hook) => hook.id === id)?.url
  if (url === undefined)
    throw new Problem(404, `there is no webhook ${id} in the configuration; GET /api/v1/webhooks has them`)
  const done = await moveWebhook({ log, append: (appends) => log.append(appends) }, move)
  switch (done.kind) {
    case 'moved':
      return { url, id, position: done.position }
    case 'beyond':
      throw new Problem(400, `body.from: the log ends at position ${done.tail}`)
    case 'overtaken':
      throw new Problem(503, 'a server was first every time; ask again')
    default:
      return done satisfies never
  }
}

const common = {
  method: 'POST',
  tag,
  role: 'administer',
  params: { id: idIn('The webhook’s id') },
  answers: { 200: { about: 'From where it is told now', shape: webhookMoved } },
  problems: { 404: 'The configuration has no such webhook' },
} as const

const by = (caller: { readonly name: string } | null): string => caller?.name ?? 'operator'

const replay = endpoint({
  ...{ ...common, path: '/webhooks/{id}/replay', name: 'replayWebhook' },
  summary: 'Tells a webhook again, from a position on',
  about:
    'Tells a webhook everything after a position once more, or leaves out what is between; one that answered 410 goes on',
  body: z
    .strictObject({ from: count.describe('What comes after this position is told; 0: everything') })
    .meta({ id: 'WebhookReplay' }),
  answer: ({ params: { id }, body: { from }, house, request: { caller } }) =>
    moved(house, { id, from, by: by(caller) }),
})

const enable = endpoint({
  ...{ ...common, path: '/webhooks/{id}/enable', name: 'enableWebhook' },
  summary: 'Goes on with a webhook that was stopped or waits',
  about: 'Goes on with a webhook whose receiver wanted no more, or tries at once one that waits',
  answer: ({ params: { id }, house, request: { caller } }) =>
    moved(house, { id, from: null, by: by(caller) }),
})

export const webhookRows: readonly Endpoint[] = [list, replay, enable]
