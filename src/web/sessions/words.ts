/** Facts in words: the sentences that the commands show, too. */
import type { EventOf } from '../../../machines/vocabulary/events.ts'
import type { Step } from '../../history/steps.ts'
import { deliveryReasonText } from '../../telling/delivery-reasons.ts'
import { deliverySentences } from '../../telling/delivery-story.ts'
import { byRule } from '../../telling/rule-text.ts'
import { sentence } from '../../telling/story.ts'

export { deliveryReasonText as reasonWords } from '../../telling/delivery-reasons.ts'

/** A recorded fact is what the vocabulary says. */
const eventOf = ({ event, facts, at, revision }: Step): EventOf =>
  ({
    ...{ type: event, data: facts, at: Date.parse(at), revision, meta: {} },
    ...{ position: 0, id: '', stream: '', version: 1 },
  }) as object as EventOf

/** What a step was, in a sentence; its fact's name where none is told, or the fact is not of a shape that is known. */
export const stepWords = (step: Step, machine: string, nextHop = ''): string => {
  try {
    const event = eventOf(step)
    const words = machine === 'delivery' ? deliverySentences(event, nextHop).join('; ') : sentence(event)
    // What was written into a file by hand may lack what the sentence is about.
    return words === '' || (step.diverged !== null && /\bundefined\b/.test(words)) ? step.event : words
  } catch {
    return step.event
  }
}

/** Where a delivery goes, as its first fact says; '' for a session. */
export const nextHopOf = ([first]: readonly Step[]): string => String(first?.facts.nextHop ?? '')

/** Why, in a sentence, with the rule of the policy that decided; null where nothing was decided. */
export const whyWords = ({ reason, facts }: Step): string | null => {
  if (reason === null) return null
  const rule = typeof facts.rule === 'string' ? byRule({ rule: facts.rule }) : ''
  return `${deliveryReasonText(reason)}${rule}`
}

/** How a step is to be looked at: it refused something, took something in, or neither. */
export const toneOf = ({ event, reason }: Step): 'good' | 'bad' | null => {
  if (/(Refused|Failed|Expired|AttemptLost|Deferred|PassedOver)$/.test(event)) return 'bad'
  if (['MessageAccepted', 'Delivered'].includes(event)) return 'good'
  return reason !== null && event === 'SessionOpened' ? 'bad' : null
}
