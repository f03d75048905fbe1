/** What can be done to deliveries: to one, or to all that filters find, with a count before it happens. */
import { useEffect, useState } from 'preact/hooks'
import type { Delivery } from '../../shapes/delivery.ts'
import { actNames, deliveryStatuses } from '../../shapes/words.ts'
import { type Asked, send, urlOf, wordsOf } from '../api/client.ts'
import { useAccount, useMayAct } from '../api/who.ts'
import { Dialog } from '../pieces/dialog.tsx'
import { counted } from '../pieces/pieces.tsx'

export type ActName = (typeof actNames)[number]

const about: Readonly<Record<ActName, { readonly title: string; readonly does: string }>> = {
  retry: { title: 'Retry', does: 'to be tried now, without waiting for their turn' },
  hold: { title: 'Hold', does: 'held: nobody tries them until they are released' },
  release: { title: 'Release', does: 'released: they go on at once' },
  cancel: { title: 'Cancel', does: 'cancelled for good; their senders are told nothing' },
}

/** What the API lets an account do to deliveries of its own mail. */
const ofOne: readonly ActName[] = ['retry', 'cancel']

/** Statuses in which each makes sense. */
const actsOf: Readonly<Record<ActName, readonly Delivery['status'][]>> = {
  retry: ['deferred', 'queued'],
  hold: ['deferred', 'queued', 'active'],
  release: ['held'],
  cancel: ['deferred', 'queued', 'held', 'active'],
}
export const actsFor = (status: Delivery['status']): readonly ActName[] =>
  actNames.filter((name) => actsOf[name].includes(status))

export const ActButtons = ({
  delivery,
  done,
}: {
  readonly delivery: Delivery
  readonly done: () => void
}) => {
  const mayAct = useMayAct()
  const isOne = useAccount() !== null
  const [asked, setAsked] = useState<ActName | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const shown = mayAct ? actsFor(delivery.status).filter((name) => !isOne || ofOne.includes(name)) : []
  const act = async (name: ActName): Promise<void> => {
    setAsked(null)
    try {
      await send('POST', urlOf(['deliveries', delivery.id, name]))
      setFault(null)
    } catch (error) {
      setFault(wordsOf(error))
    }
    done()
  }
  return (
    <div class="acts">
      {shown.map((name) => (
        <button
          key={name}
          type="button"
          class={name === 'cancel' ? 'danger' : ''}
          onClick={() => (name === 'cancel' ? setAsked(name) : void act(name))}
        >
          {about[name].title}
        </button>
      ))}
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {asked !== null && (
        <Dialog title={`${about[asked].title} this delivery?`} close={() => setAsked(null)}>
          <p>It will be {about[asked].does.replace('their senders are', 'its sender is')}.</p>
          <p class="actions">
            <button type="button" onClick={() => setAsked(null)}>
              Leave it
            </button>
            <button type="button" class="danger" onClick={() => void act(asked)}>
              {about[asked].title}
            </button>
          </p>
        </Dialog>
      )}
    </div>
  )
}

/** What the API says of many at once; before it is done, and after. */
export type BulkAnswer = {
  /** Of which it would be done, or was. */
  readonly count: number
  /** That filters found, but of which it makes no sense. */
  readonly left?: number
}

const bulk = (name: ActName, filter: Asked, dryRun: boolean): Promise<BulkAnswer | null> =>
  send('POST', urlOf(['deliveries', 'actions']), { action: name, filter, ...(dryRun && { dryRun }) })

const Counted = ({ name, found }: { readonly name: ActName; readonly found: BulkAnswer }) => (
  <p>
    <strong>{counted(found.count, 'delivery', 'deliveries')}</strong> will be {about[name].does}.
    {(found.left ?? 0) > 0 &&
      ` ${counted(found.left ?? 0, 'other was', 'others were')} found in a status where it makes no sense.`}
  </p>
)

const Asking = ({
  name,
  filter,
  close,
}: {
  readonly name: ActName
  readonly filter: Asked
  readonly close: () => void
}) => {
  const [found, setFound] = useState<BulkAnswer | null>(null)
  const [done, setDone] = useState<BulkAnswer | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => {
    bulk(name, filter, true).then(setFound, (error) => setFault(wordsOf(error)))
  }, [])
  const act = (): void => {
    setFound(null)
    bulk(name, filter, false).then(setDone, (error) => setFault(wordsOf(error)))
  }
  return (
    <Dialog title={`${about[name].title}: all that fit`} close={close}>
      <p class="weak">
        {Object.entries(filter)
          .map(([term, value]) => `${term} ${value}`)
          .join(', ')}
      </p>
      {fault !== null ? (
        <p class="fault" role="alert">
          {fault}
        </p>
      ) : done !== null ? (
        <p role="status">Done: {counted(done.count, 'delivery', 'deliveries')}.</p>
      ) : found === null ? (
        <p role="status">Counting …</p>
      ) : (
        <Counted name={name} found={found} />
      )}
      <p class="actions">
        <button type="button" onClick={close}>
          {done === null ? 'Leave them' : 'Close'}
        </button>
        {found !== null && (
          <button
            type="button"
            class={name === 'cancel' ? 'danger' : 'main'}
            disabled={found.count === 0}
            onClick={act}
          >
            {about[name].title} {found.count}
          </button>
        )}
      </p>
    </Dialog>
  )
}

/** Of those that are over nothing is to be done. */
const sensibleFor = (status: Asked[string]): readonly ActName[] => {
  const one = deliveryStatuses.find((known) => known === status)
  return one === undefined ? actNames : actsFor(one)
}

type BulkProps = {
  readonly filter: Asked
  /** Without one there is nothing to do; but what was done is still told, though it left none that fits. */
  readonly isAny: boolean
  readonly done: () => void
}

export const BulkButtons = ({ filter, isAny, done }: BulkProps) => {
  const [name, setName] = useState<ActName | null>(null)
  const close = (): void => {
    setName(null)
    done()
  }
  if (!isAny && name === null) return null
  // Everything is never meant.
  if (Object.keys(filter).length === 0)
    return <p class="acts weak">With a filter, something can be done to all that fit at once.</p>
  const shown = sensibleFor(filter.status)
  if (shown.length === 0) return null
  return (
    <div class="acts">
      {isAny && <span class="weak">All that fit:</span>}
      {isAny &&
        shown.map((one) => (
          <button
            key={one}
            type="button"
            class={one === 'cancel' ? 'danger' : ''}
            onClick={() => setName(one)}
          >
            {about[one].title} …
          </button>
        ))}
      {name !== null && <Asking {...{ name, filter, close }} />}
    </div>
  )
}
