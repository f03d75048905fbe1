/** What a message says, taken apart: header, text, HTML, and what came with it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Job, opener, type ResultOf, TooManyWaiting, Unopened } from '../../opening/index.ts'
import { parts as partsShape } from '../../shapes/message.ts'
import type { House } from '../house.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn } from './fields.ts'
import { attachmentNamed } from './file-name.ts'
import { leaving } from './leaving.ts'
import { bodyOf, findMessage } from './messages.ts'
import type { Rooms } from './rooms.ts'

const tag = 'Messages'
const params = { id: idIn('The message’s id') }

/** Bytes that are read to show parts; larger messages are shown raw. */
const mostRead = 64 * 1024 * 1024

const opening = opener()

type Came = {
  readonly rooms: Rooms
  readonly house: House
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** @throws Problem where it cannot be taken apart, is not there, or was forgotten */
export const openedMessage = async <One extends Job>(
  { rooms, house, request: { caller, ip }, reply }: Came,
  { id, job }: { readonly id: string; readonly job: One },
): Promise<ResultOf[One['kind']]> => {
  const signal = leaving(reply)
  const found = await findMessage(rooms, id)
  const { size } = found
  if (size > mostRead) throw new Problem(413, `message ${id} has ${size} bytes; get it raw`)
  try {
    return await opening.open(job, {
      ...{ message: id, size, signal, caller: caller?.account ?? caller?.name ?? ip },
      body: () => bodyOf(house, found),
    })
  } catch (error) {
    if (signal.aborted) throw new Problem(503, 'nobody waits for the answer any more')
    if (error instanceof TooManyWaiting)
      throw new Problem(503, 'many messages are being taken apart; ask again in a moment')
    if (!(error instanceof Unopened)) throw error
    throw new Problem(413, `message ${id} takes too much to be taken apart; get it raw`)
  }
}

const parts = endpoint({
  ...{ method: 'GET', path: '/messages/{id}/parts', name: 'getMessageParts', tag, role: 'look', params },
  summary: 'Shows what a message says: header, text, HTML, attachments',
  about: 'What it says: header, text, HTML, and a list of what came with it',
  answers: { 200: { about: 'Its parts', shape: partsShape } },
  problems: {
    404: 'There is no such message',
    410: 'Its content was removed, as retention asks',
    413: 'It is too large to be taken apart here; get it raw',
  },
  answer: async ({ params: { id }, ...came }) => ({
    id,
    ...(await openedMessage(came, { id, job: { kind: 'told' } })),
  }),
})

const part = endpoint({
  ...{ method: 'GET', path: '/messages/{id}/parts/{part}', name: 'getMessagePart', tag, role: 'look' },
  params: { ...params, part: idIn('As the list of parts names it') },
  summary: 'Gives one attachment, decoded',
  about: 'One attachment, decoded, to be saved under the name it came with',
  answers: {
    200: { about: 'Its bytes', media: { 'application/octet-stream': 'Never shown, whatever it contains' } },
  },
  problems: { 404: 'There is no such message, or no such part of it' },
  answer: async ({ params: { id, part: wanted }, ...came }) => {
    const found = await openedMessage(came, { id, job: { kind: 'part', part: wanted } })
    if (found === null) throw new Problem(404, `message ${id} has no part ${wanted}`)
    return came.reply
      .type('application/octet-stream')
      .header('content-disposition', attachmentNamed(found.name))
      .send(Buffer.from(found.bytes))
  },
})

export const partRows: readonly Endpoint[] = [parts, part]
