/** A register that knows everything in the log, and follows it: what another server was told is heard here within moments. */
import { setTimeout as pause } from 'node:timers/promises'
import { asError } from '../../as-error.ts'
import type { LogReader } from '../../log/port.ts'
import { keyStream, loginStream, Register, registerFilter } from './register.ts'

export const readRegister = async (log: Pick<LogReader, 'readAll'>): Promise<Register> => {
  const register = new Register()
  for await (const page of log.readAll(0, { filter: registerFilter }))
    for (const event of page) register.apply(event)
  return register
}

type Following = {
  readonly log: Pick<LogReader, 'readAll' | 'subscribe'>
  readonly signal: AbortSignal
  readonly warn: (what: string, error: Error) => void
}

/** Milliseconds before a log that could not be followed is followed again. */
const retryAfter = 1_000

export const followedRegister = async (following: Following): Promise<Register> => {
  const register = await readRegister(following.log)
  void follow(register, following)
  return register
}

/** A login that was revoked elsewhere must not live on here: it is tried until it ends. */
const follow = async (register: Register, { log, signal, warn }: Following): Promise<void> => {
  let isTold = false
  while (!signal.aborted)
    try {
      for await (const page of log.subscribe(register.position, { filter: registerFilter, signal })) {
        isTold = false
        for (const event of page) register.apply(event)
      }
    } catch (error) {
      if (signal.aborted) return
      if (!isTold) warn('logins and keys are not followed; it is tried again', asError(error))
      isTold = true
      await pause(retryAfter, undefined, { signal, ref: false }).catch(() => {})
    }
}

/** Milliseconds that somebody waits whose login another server has just made. */
const patience = 2_000

type Kind = 'login' | 'key'
const streamOf = { login: loginStream, key: keyStream } as const

/**
 * Waits until the register has heard of a name, where the log has something of it that is newer than what was heard. What the register knows
 * to be over stays over.
 */
export const hearOf = async (
  register: Register,
  log: Pick<LogReader, 'readStream'>,
  { kind, name }: { readonly kind: Kind; readonly name: string },
): Promise<void> => {
  let last = 0
  for await (const page of log.readStream(streamOf[kind](name))) last = page.at(-1)?.position ?? last
  await register.until(last, patience)
}
