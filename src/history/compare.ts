/** Whether a machine, asked again, does what the log says it did. */
import { type EffectEmitted, isReply, type ReplyEffect } from '../../machines/vocabulary/machine.ts'
import { replyText } from '../../machines/vocabulary/reply.ts'
import type { StoredEvent } from '../log/port.ts'
import { differences, jsonEqual } from './equal.ts'
import type { Moved } from './replayer.ts'

/** What the log says, and what the machine did instead: only the parts that differ. */
export type Difference = { readonly expected: unknown; readonly got: unknown }

const namesOf = (effects: readonly EffectEmitted[]): string => {
  if (effects.length === 1) return effects[0]!.name
  let names = ''
  for (const { name } of effects) names += names === '' ? name : ` ${name}`
  return names
}

/** Replies that are always the same are the same objects: their lines are made once. */
const linesOfReplies = new WeakMap<ReplyEffect, string>()

/** `S: 250 ...`, one line for each of the reply's. */
const linesOf = (reply: ReplyEffect): string => {
  const known = linesOfReplies.get(reply)
  if (known !== undefined) return known
  const lines = `S: ${replyText(reply).replaceAll('\r\n', '\nS: ')}`
  linesOfReplies.set(reply, lines)
  return lines
}

/** The lines a transcript ends with after these effects. */
const repliesOf = (effects: readonly EffectEmitted[]): string => {
  let said = ''
  for (const effect of effects)
    if (isReply(effect)) said = said === '' ? linesOf(effect) : `${said}\n${linesOf(effect)}`
  return said
}

/** RFC 4954 §4: challenges come from the exchange of credentials, not from the machine. */
const isChallenge = (line: string): boolean => line.startsWith('S: 334')

/** Machines that call others: the other side replies, and what it said no machine can say again. */
const callers: ReadonlySet<string> = new Set(['delivery'])

const noOtherReply = (before: string): boolean =>
  before.split('\n').every((line) => !line.startsWith('S: ') || isChallenge(line))

/** The dialogue ends with these replies, and the server says nothing before them but challenges. */
const sameReplies = (dialogue: string, replies: string): boolean => {
  if (!dialogue.endsWith(replies)) return false
  const before = dialogue.length - replies.length
  if (before === 0) return true
  if (replies !== '' && dialogue.charCodeAt(before - 1) !== 10) return false
  return dialogue.lastIndexOf('S: ', before - 1) < 0 || noOtherReply(dialogue.slice(0, before))
}

const spokenOf = (dialogue: string): string =>
  dialogue
    .split('\n')
    .filter((line) => line.startsWith('S: ') && !isChallenge(line))
    .join('\n')

/** Null when the machine did the same: states, fact, effects and words. */
export const compare = ({ type, data, meta }: StoredEvent, moved: Moved): Difference | null => {
  if (meta.from !== moved.from) return { expected: { from: meta.from }, got: { from: moved.from } }
  if (type !== moved.fact.name) return { expected: { event: type }, got: { event: moved.fact.name } }
  if (meta.to !== moved.to) return { expected: { to: meta.to }, got: { to: moved.to } }
  if (!jsonEqual(data, moved.fact.data)) {
    const [expected, got] = differences(data, { ...moved.fact.data })
    return { expected: { data: expected }, got: { data: got } }
  }
  const effects = namesOf(moved.effects)
  if ((meta.effects ?? '') !== effects) return { expected: { effects: meta.effects ?? '' }, got: { effects } }
  if (callers.has(meta.machine ?? '')) return null
  const replies = repliesOf(moved.effects)
  if (!sameReplies(meta.dialogue ?? '', replies))
    return { expected: { replies: spokenOf(meta.dialogue ?? '') }, got: { replies } }
  return null
}
