/** The policies in force, as the log knows them: each under its hash, recorded once. */
import { hash } from 'node:crypto'
import type { PolicyChanged } from '../machines/vocabulary/events.ts'
import { newEventId, newId, now } from './actors/identity.ts'
import { type EventLog, kindOf, type LogReader, WrongRevision } from './log/port.ts'

export const policyStream = (hash: string): string => `policy-${hash}`

/** 16 hexadecimal digits of the SHA-256 of the policy as JSON. */
export const policyHash = (policy: object): string =>
  hash('sha256', JSON.stringify(policy), 'hex').slice(0, 16)

/** Records the policy in `policy-<hash>` unless it is there already. Returns its hash. */
export const adoptPolicy = async (
  log: Pick<EventLog, 'append'>,
  policy: object,
  node: string,
): Promise<string> => {
  const name = policyHash(policy)
  const at = now()
  const event = { id: newEventId(at), kind: kindOf('PolicyAdopted', 1, { node }), at, data: { policy } }
  try {
    await log.append([{ stream: policyStream(name), expected: -1, events: [event] }])
  } catch (error) {
    if (!(error instanceof WrongRevision)) throw error
  }
  return name
}

/** Records that a policy is in force from now on, in a stream of its own. */
export const recordPolicyChange = async (
  log: Pick<EventLog, 'append'>,
  data: PolicyChanged,
): Promise<void> => {
  const at = now()
  const event = { id: newEventId(at), kind: kindOf('PolicyChanged', 1, { node: data.node }), at, data }
  await log.append([{ stream: `policy_change-${newId()}`, expected: -1, events: [event] }])
}

/** The policy recorded under its hash, or undefined when it is not there. */
export const readPolicy = async (log: Pick<LogReader, 'readStream'>, hash: string): Promise<unknown> => {
  for await (const page of log.readStream(policyStream(hash), { limit: 1 }))
    for (const { type, data } of page) if (type === 'PolicyAdopted') return data.policy
  return undefined
}

/** Reads each policy once. @throws Error for one that is not in the log */
export const policiesOf = (log: Parameters<typeof readPolicy>[0]): ((name: string) => Promise<unknown>) => {
  const known = new Map<string, Promise<unknown>>()
  const read = async (name: string): Promise<unknown> => {
    const policy = await readPolicy(log, name)
    if (policy === undefined) throw new Error(`the policy ${name} is not in the log`)
    return policy
  }
  return (name) => {
    const reading = known.get(name) ?? read(name)
    known.set(name, reading)
    // What could not be read once is read again.
    reading.catch(() => known.delete(name))
    return reading
  }
}
