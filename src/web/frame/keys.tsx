/** The keyboard: each page says what its keys do, and `?` shows them. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Dialog } from '../pieces/dialog.tsx'
import { Finding } from './finding.tsx'
import { go } from './router.ts'

export type Key = {
  /** As `KeyboardEvent.key` has it, or two in a row: `g s`. */
  readonly key: string
  readonly does: string
  /** Nothing where the browser does it by itself, and it is only told of. */
  readonly run?: (event: KeyboardEvent) => void
}

const layers: (readonly Key[])[] = []
let first: string | null = null
let firstAt = 0
/** Milliseconds between two keys that belong together. */
const together = 1200

const isTyping = ({ target }: KeyboardEvent): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.closest('textarea, select, dialog') !== null ||
    (target instanceof HTMLInputElement && !['range', 'checkbox', 'radio', 'button'].includes(target.type)))

const pressed = (event: KeyboardEvent): void => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return
  const pair = first !== null && event.timeStamp - firstAt < together ? `${first} ${event.key}` : null
  const all = layers.toReversed().flat()
  const found = all.find(({ key }) => key === pair) ?? all.find(({ key }) => key === event.key)
  first = event.key
  firstAt = event.timeStamp
  if (found?.run === undefined) return
  event.preventDefault()
  found.run(event)
}

export const listenToKeys = (): void => document.addEventListener('keydown', pressed)

/** While a piece is shown, its keys work. */
export const useKeys = (keys: readonly Key[]): void => {
  const layer = useRef<readonly Key[]>(keys)
  const held = useRef<Key[]>([])
  layer.current = keys
  held.current.splice(0, held.current.length, ...keys)
  useEffect(() => {
    const own = held.current
    layers.push(own)
    return () => {
      layers.splice(layers.indexOf(own), 1)
    }
  }, [])
}

export const pageKeys = [
  ['m', 'mail', '/mail'],
  ['s', 'sessions', '/sessions'],
  ['d', 'deliveries', '/deliveries'],
  ['x', 'machines', '/machines'],
  ['l', 'the log', '/log'],
  ['h', 'health', '/health'],
  ['r', 'replay a file', '/replay'],
] as const

/** Keys that work everywhere, and the list of those that work now. */
export const Keys = ({
  find,
  isFinding,
}: {
  readonly find: (is: boolean) => void
  readonly isFinding: boolean
}) => {
  const [isShown, setShown] = useState(false)
  useKeys([
    ...pageKeys.map(([key, name, path]) => ({ key: `g ${key}`, does: `go to ${name}`, run: () => go(path) })),
    { key: 'g i', does: 'go to an id', run: () => find(true) },
    { key: '?', does: 'show these keys', run: () => setShown(true) },
    {
      key: '/',
      does: 'search or filter',
      run: () => document.querySelector<HTMLInputElement>('[data-search]')?.focus(),
    },
  ])
  if (isFinding) return <Finding close={() => find(false)} />
  if (!isShown) return null
  return (
    <Dialog title="Keys" close={() => setShown(false)}>
      <dl class="keys">
        {layers.flat().map(({ key, does }) => (
          <div key={key}>
            <dt>
              {strokesOf(key).map((one) => (
                <kbd key={one}>{names[one] ?? one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
/** The space is a key, too. */
const strokesOf = (key: string): readonly string[] => (key === ' ' ? [key] : key.split(' '))
const names: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→', ' ': 'space' }
