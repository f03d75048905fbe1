/** How far each page of the history was scrolled: whoever goes back comes back to where they were, as soon as as much is there again. */

/** Pixels, by the entries of the history. In the tab, since a page may be loaded anew between them. */
const kept = 'fsmtp-scrolled'
/** Milliseconds: what has not come by then does not come; and what comes above it once it is there may take so long. */
const patience = 10_000
const settling = 1_000

/** Null of one that was not made here: somebody typed an address. */
const entryNow = (): string | null => {
  const { entry } = (history.state ?? {}) as { entry?: unknown }
  return typeof entry === 'string' ? entry : null
}

const read = (): Map<string, number> => {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(kept) ?? '[]') as [string, number][])
  } catch {
    return new Map()
  }
}

const scrolled = read()
let turn = 0
const named = (): string => {
  turn += 1
  return `${performance.timeOrigin} ${turn}`
}
let entry = entryNow() ?? named()
/** Ends what still waits for a page to grow. */
let rest: () => void = () => {}

/** Before a page is left: by a link, or by the history, which has gone on already. */
export const leave = (): void => {
  rest()
  scrolled.set(entry, window.scrollY)
}

/** The state of a new entry of the history. */
export const newEntry = (): { readonly entry: string } => {
  entry = named()
  return { entry }
}

export const sameEntry = (): { readonly entry: string } => ({ entry })

/** What somebody does to scroll themselves. */
const hands = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const

const comeTo = (top: number): void => {
  let timer = setTimeout(() => end(), patience)
  let isThere = false
  // First when what was left is no longer shown. A list that grows at its end is scrolled to its end until it has grown enough.
  const grown = new ResizeObserver(() => {
    window.scrollTo(0, top)
    if (isThere || Math.abs(window.scrollY - top) > 1) return
    isThere = true
    clearTimeout(timer)
    timer = setTimeout(end, settling)
  })
  const end = (): void => {
    grown.disconnect()
    clearTimeout(timer)
    for (const hand of hands) window.removeEventListener(hand, end)
  }
  rest = end
  for (const hand of hands) window.addEventListener(hand, end, { passive: true })
  grown.observe(document.body)
}

/** After the history went to an entry. */
export const comeBack = (): void => {
  entry = entryNow() ?? named()
  const top = scrolled.get(entry) ?? 0
  if (top === 0) window.scrollTo(0, 0)
  else comeTo(top)
}

history.scrollRestoration = 'manual'
window.addEventListener('pagehide', () => {
  scrolled.set(entry, window.scrollY)
  // The newest entries; the tab keeps no endless list.
  sessionStorage.setItem(kept, JSON.stringify([...scrolled].slice(-100)))
})
if (entryNow() === null) history.replaceState(sameEntry(), '')
else comeBack()
