/** Mails that are chosen in a list, and what is done to all of them: with a count before anything is taken away. */
import { useEffect, useState } from 'preact/hooks'
import { send, urlOf, wordsOf } from '../api/client.ts'
import { Dialog } from '../pieces/dialog.tsx'
import { counted } from '../pieces/pieces.tsx'
import { filtersIn, type Mails } from './list.tsx'

export type Choice = {
  readonly keys: ReadonlySet<string>
  readonly toggle: (key: string) => void
  readonly set: (keys: readonly string[]) => void
  /** What is asked of the API for those who are meant, before it happens: a dialog is shown. */
  readonly remove: (meant: Meant) => void
  readonly flag: (meant: Meant, change: FlagChange) => Promise<void>
  readonly fault: string | null
}
export type FlagChange = { readonly add?: readonly string[]; readonly remove?: readonly string[] }
/** Some by their ids, or all that filters find. */
export type Meant =
  | { readonly ids: readonly string[] }
  | { readonly filter: Readonly<Record<string, string>> }

type Acted = { readonly count: number; readonly left: number; readonly dryRun: boolean }
/** Ids of one request. */
const most = 1_000

/** Several requests where there are many ids. @throws ApiProblem */
export const actOn = async (box: string, meant: Meant, act: object): Promise<number> => {
  const bodies =
    'filter' in meant
      ? [{ ...act, filter: meant.filter }]
      : Array.from({ length: Math.ceil(meant.ids.length / most) }, (_, at) => ({
          ...{ ...act, ids: meant.ids.slice(at * most, (at + 1) * most) },
        }))
  let count = 0
  for (const body of bodies)
    count += (await send<Acted>('POST', urlOf(['mailboxes', box, 'actions']), body))?.count ?? 0
  return count
}

const mailsOf = (count: number): string => counted(count, 'mail')

export type RemovingProps = {
  readonly box: string
  readonly meant: Meant
  readonly close: () => void
  readonly done: () => void
}

/** Says how many before it happens; those that filters find are counted by the server. */
export const Removing = ({ box, meant, close, done }: RemovingProps) => {
  const [count, setCount] = useState<number | null>('ids' in meant ? meant.ids.length : null)
  const [fault, setFault] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const failed = (error: unknown): void => setFault(wordsOf(error))
  useEffect(() => {
    if (count === null) actOn(box, meant, { action: 'delete', dryRun: true }).then(setCount, failed)
  }, [])
  const remove = (): void => {
    setBusy(true)
    actOn(box, meant, { action: 'delete' })
      .then(() => {
        close()
        done()
      }, failed)
      .finally(() => setBusy(false))
  }
  const isOne = count === 1
  return (
    <Dialog title={isOne ? 'Delete this mail?' : 'Delete these mails?'} close={close}>
      <p role="status">
        {count === null
          ? 'Counting …'
          : `${isOne ? 'It is' : `${mailsOf(count)} are`} taken out of ${box}. What happened to ${isOne ? 'it' : 'them'} stays in the log.`}
      </p>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <p class="actions">
        <button type="button" onClick={close}>
          Keep {isOne ? 'it' : 'them'}
        </button>
        <button
          type="button"
          class="danger"
          disabled={count === null || count === 0 || isBusy}
          onClick={remove}
        >
          {isOne || count === null ? 'Delete' : `Delete ${count.toLocaleString('en')}`}
        </button>
      </p>
    </Dialog>
  )
}

type BarProps = {
  readonly box: string
  readonly query: URLSearchParams
  readonly mails: Mails
  readonly choice: Choice
}

export const ChosenBar = ({ box, query, mails, choice }: BarProps) => {
  const { items } = mails
  const { keys, fault } = choice
  if (items === null || items.length === 0) return null
  const ids = [...keys]
  const isAll = items.every(({ key }) => keys.has(key))
  const filters = filtersIn(box, query)
  // What comes in after the newest that is shown is not meant.
  const fitting: Meant = { filter: { until: items[0]!.at, ...filters } }
  return (
    <div class="chosen" role="toolbar" aria-label="What is chosen">
      <label>
        <input
          type="checkbox"
          checked={isAll}
          onChange={() => choice.set(isAll ? [] : items.map(({ key }) => key))}
        />
        Choose all
      </label>
      <span role="status">{keys.size > 0 && `${mailsOf(keys.size)} chosen`}</span>
      {keys.size > 0 && (
        <>
          <button type="button" class="small" onClick={() => void choice.flag({ ids }, { add: ['\\Seen'] })}>
            Seen
          </button>
          <button
            type="button"
            class="small"
            onClick={() => void choice.flag({ ids }, { remove: ['\\Seen'] })}
          >
            Unseen
          </button>
          <button type="button" class="small danger" onClick={() => choice.remove({ ids })}>
            Delete {keys.size.toLocaleString('en')} …
          </button>
        </>
      )}
      {/* What was found by reading mail is deleted where it is shown, and nowhere else. */}
      {isAll && mails.more !== null && !('text' in filters) && (
        <button type="button" class="small danger" onClick={() => choice.remove(fitting)}>
          Delete all that fit …
        </button>
      )}
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  )
}
