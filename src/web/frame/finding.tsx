/** Going to an id: out of a bounce, a notice or a log line, whole or cut short, whatever it is the id of. */
import { useRef, useState } from 'preact/hooks'
import type { Found } from '../../shapes/found.ts'
import { getJson, urlOf, wordsOf } from '../api/client.ts'
import { useWho } from '../api/who.ts'
import { Dialog } from '../pieces/dialog.tsx'
import { idIn } from './id-in.ts'
import { go, pathOf } from './router.ts'

const wayTo = ({ kind, id }: Found, box: string): string =>
  kind === 'message' ? pathOf('mail', box, id) : pathOf(kind === 'session' ? 'sessions' : 'deliveries', id)

type Answer = { readonly part: string; readonly items: readonly Found[] }

const Several = ({ items, box, close }: { items: readonly Found[]; box: string; close: () => void }) => (
  <>
    <p role="status">It stands for more than one:</p>
    <ul class="found">
      {items.map((item) => (
        <li key={`${item.kind} ${item.id}`}>
          <a href={wayTo(item, box)} onClick={close}>
            <code>{item.id}</code>
          </a>{' '}
          {item.about}
        </li>
      ))}
    </ul>
  </>
)

export const Finding = ({ close }: { readonly close: () => void }) => {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  /** What was asked last: an answer that comes late is not shown. */
  const asked = useRef('')
  // Where all mail is; who sees their own mail alone has a mailbox.
  const box = useWho()?.caller?.account ?? 'all'
  const find = async (typed: string): Promise<void> => {
    const part = idIn(typed)
    asked.current = part
    setFault(part === '' ? 'An id has four letters and digits or more.' : null)
    setAnswer(null)
    if (part === '') return
    try {
      const { items } = await getJson<{ items: readonly Found[] }>(urlOf(['ids', part]))
      if (asked.current !== part) return
      const [only] = items
      if (items.length !== 1 || only === undefined) return setAnswer({ part, items })
      close()
      go(wayTo(only, box))
    } catch (error) {
      setFault(wordsOf(error))
    }
  }
  return (
    <Dialog title="Go to an id" close={close} class="finding">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void find(String(new FormData(event.currentTarget as HTMLFormElement).get('id') ?? ''))
        }}
      >
        <label>
          <span>Id of a session, a mail or a delivery, or its beginning or end</span>
          <input name="id" autocomplete="off" autocapitalize="off" spellcheck={false} autofocus />
        </label>
        <button type="submit" class="main">
          Go
        </button>
      </form>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {answer !== null && answer.items.length === 0 && (
        <p role="status">No session, mail or delivery has an id that begins or ends with {answer.part}.</p>
      )}
      {answer !== null && answer.items.length > 1 && <Several items={answer.items} {...{ box, close }} />}
    </Dialog>
  )
}
