/** Mail: mailboxes, what is in one, and one message. All three are in the address. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { wordsOf } from '../api/client.ts'
import { useMayAct, useWho } from '../api/who.ts'
import type { PlaceProps } from '../frame/app.tsx'
import { useKeys } from '../frame/keys.tsx'
import { go, pathOf, useSpot, withQuery } from '../frame/router.ts'
import { pastIn } from '../pieces/past.tsx'
import { Waiting } from '../pieces/pieces.tsx'
import { Boxes } from './boxes.tsx'
import { actOn, type Choice, type FlagChange, type Meant, Removing } from './chosen.tsx'
import { Compose, type Draft } from './compose.tsx'
import { useInSight } from './in-sight.ts'
import { type Mail as Filed, isFiled, MailList, type Mails, useMails } from './list.tsx'
import { MessagePage } from './message.tsx'

/** The mailbox that is all mail; for an account, what it has sent. */
export const everything = 'all'

/** Who sees their own mail alone begins there, and is not shown what is not for them. */
export const Mail = (props: PlaceProps) => {
  const who = useWho()
  return who === undefined ? <Waiting /> : <MailOf {...props} own={who?.caller?.account ?? null} />
}

/** Links of the list, one for each mail in its order. */
const links = (): readonly HTMLAnchorElement[] => [
  ...document.querySelectorAll<HTMLAnchorElement>('.mails .rows a'),
]
const inFocus = (): number => {
  const row = document.activeElement?.closest('.mails .rows li')
  return row == null ? -1 : links().findIndex((link) => row.contains(link))
}
/** With the list before one, `j` and `k` go from row to row, and Enter opens one. */
const focus = (at: number): void => {
  const all = links()
  all[Math.max(0, Math.min(at, all.length - 1))]?.focus()
}

type Place = { readonly before: number; readonly next: number }

/** Where the open mail stands in the list. One that the filter lets go, because it was seen, stood where the next one is now. */
const usePlace = (
  items: readonly Filed[],
  message: string | null,
): { readonly place: Place; readonly filed: Filed | null } => {
  const held = useRef<{ readonly mail: Filed; readonly at: number } | null>(null)
  const at = message === null ? -1 : items.findIndex((mail) => mail.message === message)
  if (at >= 0) held.current = { mail: items[at]!, at }
  else if (held.current?.mail.message !== message) held.current = null
  const last = held.current?.at ?? -1
  return {
    place:
      at >= 0
        ? { before: Math.max(0, at - 1), next: at + 1 }
        : { before: Math.max(0, last - 1), next: Math.max(0, last) },
    filed: held.current?.mail ?? null,
  }
}

const changed = (flags: readonly string[], { add = [], remove = [] }: FlagChange): readonly string[] => [
  ...flags.filter((flag) => !remove.includes(flag) && !add.includes(flag)),
  ...add,
]

type Choosing = { readonly choice: Choice; readonly meant: Meant | null; readonly close: () => void }

/** What is chosen in a mailbox, and what is about to be deleted of it. */
const useChoice = (box: string, mails: Mails): Choosing => {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set())
  const [meant, setMeant] = useState<Meant | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => setKeys(new Set()), [box])
  const flag = async (some: Meant, change: FlagChange): Promise<void> => {
    try {
      await actOn(box, some, { action: 'change', ...change })
      const isMeant = (id: string): boolean => !('ids' in some) || some.ids.includes(id)
      mails.change((one) =>
        isFiled(one) && isMeant(one.id) ? { ...one, flags: changed(one.flags, change) } : one,
      )
      setFault(null)
    } catch (error) {
      setFault(wordsOf(error))
    }
  }
  const toggle = (key: string): void =>
    setKeys(
      (before) => new Set(before.has(key) ? [...before].filter((one) => one !== key) : [...before, key]),
    )
  // What is no longer in the list is no longer chosen.
  const there = new Set((mails.items ?? []).filter(({ key }) => keys.has(key)).map(({ key }) => key))
  return {
    choice: {
      ...{ keys: there, toggle, flag, fault },
      set: (some) => setKeys(new Set(some)),
      remove: setMeant,
    },
    ...{ meant, close: () => setMeant(null) },
  }
}

const MailOf = ({ parts, query, own }: PlaceProps & { readonly own: string | null }) => {
  const box = parts[0] ?? own ?? everything
  const message = parts[1] ?? null
  const spot = useSpot()
  const mails = useMails(box, query)
  const mayAct = useMayAct()
  const isPast = pastIn(query) !== null
  const { choice, meant, close } = useChoice(box, mails)
  const mayWrite = mayAct && !isPast
  const mayChoose = mayAct && box !== everything && !isPast
  const [draft, setDraft] = useState<Draft | null>(null)
  const items = mails.items ?? []
  const { place, filed } = usePlace(items, message)
  useInSight(message, filed !== null)
  const list = withQuery({ ...spot, path: pathOf('mail', box) }, { view: null, as: null })
  const open = (at: number): void => {
    const mail = items[at]
    if (mail === undefined) return
    go(withQuery({ ...spot, path: pathOf('mail', box, mail.message) }, { step: null }), { replace: true })
  }
  /** The one that is open, or the row before one. */
  const here = (): Filed | null => (message === null ? (items[inFocus()] ?? null) : filed)
  const meaning = (act: (some: Meant) => void): void => {
    const mail = here()
    const ids = choice.keys.size > 0 ? [...choice.keys] : mail === null ? [] : [mail.key]
    if (ids.length > 0) act({ ids })
  }
  const toggle = (): void => {
    const mail = here()
    if (mail !== null) choice.toggle(mail.key)
  }
  const flag = (change: FlagChange): void => meaning((some) => void choice.flag(some, change))
  useKeys([
    {
      ...{ key: 'j', does: 'next mail' },
      run: () => (message === null ? focus(inFocus() + 1) : open(place.next)),
    },
    {
      ...{ key: 'k', does: 'mail before' },
      run: () => (message === null ? focus(inFocus() - 1) : open(place.before)),
    },
    { key: 'Enter', does: 'open the mail' },
    { key: 'u', does: 'back to the list', run: () => go(list, { keep: true }) },
    ...(mayWrite ? [{ key: 'c', does: 'write a mail', run: () => setDraft({}) }] : []),
    ...(mayChoose
      ? [
          { key: 'x', does: 'choose the mail', run: toggle },
          { key: '#', does: 'delete it, or those chosen', run: () => meaning(choice.remove) },
          { key: 'I', does: 'mark as seen', run: () => flag({ add: ['\\Seen'] }) },
          { key: 'U', does: 'mark as unseen', run: () => flag({ remove: ['\\Seen'] }) },
        ]
      : []),
  ])
  const removed = (): void => {
    const gone = new Set(meant !== null && 'ids' in meant ? meant.ids : items.map(({ key }) => key))
    const isOpenGone = filed !== null && gone.has(filed.key)
    mails.change((one) => (gone.has(one.id) ? null : one))
    mails.again()
    if (isOpenGone) go(list, { keep: true })
  }
  return (
    <div class={`mail${message === null ? '' : ' reading'}`}>
      <Boxes box={box} isAll={own === null} asOf={pastIn(query)} />
      <MailList
        {...{ box, query, mails, message }}
        choice={mayChoose ? choice : null}
        write={mayWrite ? () => setDraft({}) : null}
      />
      <div class="pane" key={message}>
        {message === null ? (
          <p class="weak hint">Choose a mail; j and k go through the list, ? shows all keys.</p>
        ) : (
          <MessagePage
            id={message}
            {...{ box, query, list, isPast }}
            filed={filed}
            choice={mayChoose ? choice : null}
            write={mayWrite ? setDraft : null}
          />
        )}
      </div>
      {meant !== null && <Removing {...{ box, meant, close }} done={removed} />}
      {draft !== null && (
        <Compose
          draft={draft}
          box={own ?? everything}
          close={() => setDraft(null)}
          done={() => {
            if (draft.headers !== undefined && mayChoose && filed !== null)
              void choice.flag({ ids: [filed.key] }, { add: ['\\Answered'] })
          }}
        />
      )}
    </div>
  )
}
