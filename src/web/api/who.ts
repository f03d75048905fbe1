/** Who looks at the page, as the server knows them; asked once. */
import { useEffect, useState } from 'preact/hooks'
import type { SmtpListener } from '../pieces/sending-lines.ts'
import { getJson, send, urlOf } from './client.ts'
import { followOnly } from './live.ts'

export type Who = {
  /** Nobody has to log in: a playground. */
  readonly required: boolean
  readonly caller: {
    readonly name: string
    readonly role: string
    readonly kind: string
    /** What concerns this account is all they see; null: everything. */
    readonly account: string | null
  } | null
  /** Where mail is taken; empty until it is known who asks. */
  readonly smtp: readonly SmtpListener[]
}

let asked: Promise<Who | null> | null = null
const who = (): Promise<Who | null> => {
  asked ??= getJson<Who>(urlOf(['login'])).then(
    (known) => {
      if (typeof known.caller?.account === 'string') followOnly(known.caller.account)
      return known
    },
    () => null,
  )
  return asked
}

/** Undefined until it was asked, null where the server does not say. */
export const useWho = (): Who | null | undefined => {
  const [known, setKnown] = useState<Who | null>()
  useEffect(() => {
    void who().then(setKnown)
  }, [])
  return known
}

/** The account of who sees what concerns it alone; null for who sees everything, and until that is known. */
export const useAccount = (): string | null => useWho()?.caller?.account ?? null

/** Whether whoever looks may change something. */
export const useMayAct = (): boolean => {
  const role = useWho()?.caller?.role
  return role === 'act' || role === 'administer'
}

export const logOut = async (): Promise<void> => {
  await send('DELETE', urlOf(['login'])).catch(() => {})
  location.reload()
}
