/** Where the page is: a path and a query, both in the address, so that everything shown can be linked to. */
import { useEffect, useState } from 'preact/hooks'
import { comeBack, leave, newEntry, sameEntry } from './scrolled.ts'

export type Spot = { readonly path: string; readonly query: URLSearchParams }
export type Changes = Readonly<Record<string, string | null | undefined>>

const spotNow = (): Spot => ({ path: location.pathname, query: new URLSearchParams(location.search) })

let current = spotNow()
const watchers = new Set<(spot: Spot) => void>()

const arrive = (): void => {
  current = spotNow()
  for (const watcher of watchers) watcher(current)
}
window.addEventListener('popstate', () => {
  leave()
  arrive()
  comeBack()
})

export type Going = {
  /** The way back leads past the spot that is left. */
  readonly replace?: boolean
  /** What is shown beside what changes stays where it is scrolled to. */
  readonly keep?: boolean
}

export const go = (href: string, { replace = false, keep = replace }: Going = {}): void => {
  if (href === location.pathname + location.search) return
  leave()
  if (replace) history.replaceState(sameEntry(), '', href)
  else history.pushState(newEntry(), '', href)
  arrive()
  if (!keep) window.scrollTo(0, 0)
}

/** The same path with other filters: null and '' take one away. */
export const withQuery = ({ path, query }: Spot, changes: Changes): string => {
  const next = new URLSearchParams(query)
  for (const [name, value] of Object.entries(changes))
    if (value === null || value === undefined || value === '') next.delete(name)
    else next.set(name, value)
  const text = next.toString()
  return text === '' ? path : `${path}?${text}`
}

export const ask = (changes: Changes, options?: Going): void => go(withQuery(current, changes), options)

export const useSpot = (): Spot => {
  const [spot, setSpot] = useState(current)
  useEffect(() => {
    watchers.add(setSpot)
    setSpot(current)
    return () => {
      watchers.delete(setSpot)
    }
  }, [])
  return spot
}

/** Parts of a path, decoded: `/sessions/01k` gives `['sessions', '01k']`. */
export const partsOf = (path: string): readonly string[] =>
  path.split('/').flatMap((part) => (part === '' ? [] : [decoded(part)]))

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** A path of parts, encoded. */
export const pathOf = (...parts: readonly string[]): string =>
  `/${parts.map((part) => encodeURIComponent(part)).join('/')}`

/** Links within the page change what is shown, and nothing is loaded anew; with `data-keep` it stays where it is scrolled to. */
export const followLinks = (): void => {
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return
    if (link.origin !== location.origin || /^\/(api|healthz|readyz|metrics)(\/|$)/.test(link.pathname)) return
    event.preventDefault()
    go(link.pathname + link.search, { keep: 'keep' in link.dataset })
  })
}
