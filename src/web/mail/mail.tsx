/** Mail: mailboxes, what is in one, and one message. All three are in the address. */
import { useWho } from '../api/who.ts'
import type { PlaceProps } from '../frame/app.tsx'
import { useKeys } from '../frame/keys.tsx'
import { go, pathOf, useSpot, withQuery } from '../frame/router.ts'
import { Waiting } from '../pieces/pieces.tsx'
import { Boxes } from './boxes.tsx'
import { MailList, useMails } from './list.tsx'
import { MessagePage } from './message.tsx'

/** The mailbox that is all mail. */
export const everything = 'all'

/** Who sees their own mail alone begins there, and is not shown what is not for them. */
export const Mail = (props: PlaceProps) => {
  const who = useWho()
  return who === undefined ? <Waiting /> : <MailOf {...props} own={who?.caller?.account ?? null} />
}

const MailOf = ({ parts, query, own }: PlaceProps & { readonly own: string | null }) => {
  const box = own !== null && (parts[0] ?? everything) === everything ? own : (parts[0] ?? everything)
  const message = parts[1] ?? null
  const spot = useSpot()
  const mails = useMails(box, query)
  const place = mails.items?.findIndex((mail) => mail.message === message) ?? -1
  const open = (at: number): void => {
    const mail = mails.items?.[at]
    if (mail === undefined) return
    go(withQuery({ ...spot, path: pathOf('mail', box, mail.message) }, { step: null }), {
      replace: message !== null,
    })
  }
  useKeys([
    { key: 'j', does: 'next mail', run: () => open(place + 1) },
    { key: 'k', does: 'mail before', run: () => open(Math.max(0, place - 1)) },
    {
      key: 'u',
      does: 'back to the list',
      run: () => go(withQuery({ ...spot, path: pathOf('mail', box) }, {})),
    },
  ])
  return (
    <div class={`mail${message === null ? '' : ' reading'}`}>
      <Boxes box={box} isAll={own === null} />
      <MailList {...{ box, query, mails, message }} />
      <div class="pane">
        {message === null ? (
          <p class="weak hint">Choose a mail; j and k go through the list.</p>
        ) : (
          <MessagePage
            key={message}
            id={message}
            box={box}
            filed={mails.items?.[place] ?? null}
            query={query}
          />
        )}
      </div>
    </div>
  )
}
