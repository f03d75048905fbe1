/** Live events of the Web API, as a client hears them. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { TestContext } from 'node:test'
import { type Api, eventually, type Json } from './asking.ts'

export type Heard = { readonly id: number; readonly event: string; readonly data: Json }

/** What a client of server-sent events hears. */
export const following = async (
  t: TestContext,
  { port }: Api,
  { path = '/events', last }: { readonly path?: string; readonly last?: number } = {},
) => {
  const headers = {
    accept: 'text/event-stream',
    ...(last !== undefined && { 'last-event-id': String(last) }),
  }
  const heard: Heard[] = []
  const asked = request({ host: '127.0.0.1', port, path: `/api/v1${path}`, headers, agent: false })
  t.after(() => asked.destroy())
  const type = await new Promise<string | undefined>((resolve, reject) => {
    asked.once('error', reject).end()
    asked.once('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('error', () => {})
      answer.on('data', (chunk: string) => {
        const frames = (text + chunk).split('\n\n')
        text = frames.pop()!
        for (const frame of frames) {
          const fields = new Map(
            frame.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
          )
          if (fields.has('id'))
            heard.push({
              ...{ id: Number(fields.get('id')), event: fields.get('event')! },
              data: JSON.parse(fields.get('data')!) as Json,
            })
        }
      })
      resolve(answer.headers['content-type'])
    })
  })
  assert.equal(type, 'text/event-stream; charset=utf-8')
  const until = (isMeant: (one: Heard) => boolean): Promise<unknown> => eventually(() => heard.some(isMeant))
  return { heard, until, leave: () => asked.destroy() }
}
