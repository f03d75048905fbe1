/** Makes histories for tests: drives a machine as the host does, and keeps what it would have appended. */
import { randomUUID } from 'node:crypto'
import { createActor } from 'xstate'
import { type Emitted, isReply, type MachineModule } from '../../machines/vocabulary/machine.ts'
import { replyText } from '../../machines/vocabulary/reply.ts'
import { type Append, kindOf, type NewEvent, type StoredEvent } from '../../src/log/port.ts'

export type Said = { readonly input: { readonly type: string }; readonly line?: string }

const nameOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object).map(([name, inner]) => `${name}.${nameOf(inner)}`)[0]!

const dialogueOf = (line: string | undefined, emitted: readonly Emitted[]): string =>
  [
    ...(line === undefined ? [] : [`C: ${line}`]),
    ...emitted.filter(isReply).flatMap((reply) =>
      replyText(reply)
        .split('\r\n')
        .map((said) => `S: ${said}`),
    ),
  ].join('\n')

/** The events of one life, as they would be appended. */
export const record = (
  module: MachineModule,
  policy: unknown,
  said: readonly Said[],
  { start = Date.UTC(2026, 0, 2, 3, 4, 5) }: { readonly start?: number } = {},
): NewEvent[] => {
  const actor = createActor(module.machine, { input: { policy } })
  let emitted: Emitted[] = []
  actor.on('*', (one) => emitted.push(one as Emitted))
  actor.start()
  return said.map(({ input, line }, at) => {
    const from = nameOf(actor.getSnapshot().value)
    emitted = []
    actor.send(input)
    const fact = emitted.find((one) => one.type === 'fact')
    if (fact === undefined || fact.type !== 'fact') throw new Error(`no fact for ${input.type} in ${from}`)
    const meta = {
      machine: module.name,
      machineVersion: String(module.version),
      fingerprint: module.fingerprint,
      node: 'test',
      input: input.type,
      from,
      to: nameOf(actor.getSnapshot().value),
      effects: emitted.flatMap((one) => (one.type === 'effect' ? [one.name] : [])).join(' '),
    }
    const dialogue = dialogueOf(line, emitted)
    return {
      id: randomUUID(),
      kind: kindOf(fact.name, 1, meta),
      at: start + at * 250,
      data: JSON.parse(JSON.stringify(fact.data)),
      ...(dialogue !== '' && { meta: { dialogue } }),
    }
  })
}

export const appendOf = (stream: string, events: readonly NewEvent[]): Append => ({
  stream,
  expected: -1,
  events,
})

export const policyAppend = (hash: string, policy: unknown): Append =>
  appendOf(`policy-${hash}`, [
    { id: randomUUID(), kind: kindOf('PolicyAdopted', 1, {}), at: 1_700_000_000_000, data: { policy } },
  ])

/** The events as a reader gives them back, as if alone in the log. */
export const stored = (stream: string, events: readonly NewEvent[], after = 0): StoredEvent[] =>
  events.map(({ id, kind, at, data, meta }, revision) => ({
    position: after + revision + 1,
    id,
    stream,
    revision,
    type: kind.type,
    version: kind.version,
    at,
    data: { ...data },
    meta: { ...kind.meta, ...meta },
  }))
