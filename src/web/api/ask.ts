/** Answers of the API within a piece of the page: what is known is shown while it is asked again. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiProblem, type Asked, getJson, getText, urlOf } from './client.ts'
import { type Batch, useLive } from './live.ts'
import { useUnreached } from './unreached.ts'

export type Answer<Value> = {
  readonly value: Value | null
  readonly error: ApiProblem | null
  readonly isAsking: boolean
  readonly again: () => void
}

/** When the question that is under way was asked; whether it was asked for once more meanwhile. */
type Pace = { readonly began: number | null; readonly isLate: boolean }
const idle: Pace = { began: null, isLate: false }
/** What takes long is asked again after a rest of so many times as long, and never broken off for being asked again. */
const restAfter = 2

const useAnswer = <Value>(
  url: string | null,
  get: (url: string, signal: AbortSignal) => Promise<Value>,
): Answer<Value> => {
  const [known, setKnown] = useState<{ url: string | null; value: Value | null; error: ApiProblem | null }>({
    ...{ url: null, value: null, error: null },
  })
  const [turn, setTurn] = useState(0)
  const [isAsking, setAsking] = useState(false)
  const pace = useRef<Pace>(idle)
  useEffect(() => {
    pace.current = idle
    if (url === null) return
    pace.current = { began: performance.now(), isLate: false }
    const ending = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    setAsking(true)
    get(url, ending.signal)
      .then(
        (value) => ({ url, value, error: null }),
        (error: ApiProblem) => ({ url, value: null, error }),
      )
      .then((found) => {
        if (ending.signal.aborted) return
        setKnown((before) =>
          found.error !== null && before.url === url ? { ...before, error: found.error } : found,
        )
        setAsking(false)
        const { began, isLate } = pace.current
        if (began === null || !isLate) pace.current = idle
        else
          timer = setTimeout(() => setTurn((before) => before + 1), restAfter * (performance.now() - began))
      })
    return () => {
      ending.abort()
      clearTimeout(timer)
    }
  }, [url, turn])
  const again = useCallback(() => {
    if (pace.current.began === null) setTurn((before) => before + 1)
    else pace.current = { ...pace.current, isLate: true }
  }, [])
  const isKnown = known.url === url && url !== null
  useUnreached(isKnown ? known.error : null, again)
  return { value: isKnown ? known.value : null, error: isKnown ? known.error : null, isAsking, again }
}

/** `url` null asks nothing. */
export const useJson = <Value>(url: string | null): Answer<Value> =>
  useAnswer<Value>(url, (asked, signal) => getJson<Value>(asked, signal))
export const useText = (url: string | null): Answer<string> => useAnswer(url, getText)

/** Asks again when something happens that `isMeant` says concerns it, once in `pace` milliseconds at most; says up to which position it has heard. */
export const useFresh = (
  again: (heard: number) => void,
  isMeant: (batch: Batch) => boolean,
  pace = 1_000,
): void => {
  const last = useRef(0)
  const heard = useRef(0)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )
  useLive((batch) => {
    heard.current = Math.max(heard.current, batch.position)
    if (timer.current !== null || !isMeant(batch)) return
    const wait = Math.max(150, pace - (performance.now() - last.current))
    timer.current = setTimeout(() => {
      timer.current = null
      last.current = performance.now()
      again(heard.current)
    }, wait)
  })
}

export type Page<Item> = {
  readonly items: readonly Item[]
  readonly next: string | number | null
  /** Of a page that is shorter since a search was long. */
  readonly searchedTo?: string | null
  /** Of a search that reads mail: how many it could not read, by why. */
  readonly passedOver?: Readonly<Record<string, number>> | null
}

export type Pages<Item> = {
  /** Null until the first page is there. */
  readonly items: readonly Item[] | null
  readonly error: ApiProblem | null
  readonly isAsking: boolean
  /** Null where nothing is left. */
  readonly more: (() => void) | null
  /** A search that goes on: how far back it has come. */
  readonly searchedTo: string | null
  /** Mails that could not be searched. */
  readonly passedOver: number
  /** The newest page again, laid over what is known. */
  readonly again: () => void
  /** The same, with what the log has up to a position: lists follow it, and nobody says when they have it. */
  readonly upTo: (position: number) => void
  /** What is known otherwise: rows as they are now, null for one that is gone. */
  readonly change: (now: (item: Item) => Item | null) => void
  /** What has just come, the newest first. */
  readonly add: (come: readonly Item[]) => void
}

export type PagesOptions<Item> = {
  readonly path: readonly string[]
  readonly asked: Asked
  readonly key: (item: Item) => string
  /** What `next` is asked with. */
  readonly behind?: string
}

type Known<Item> = Omit<Page<Item>, 'passedOver'> & { readonly list: string; readonly passedOver: number }

/** What is found by a search goes on to be looked for until there are so many. */
const enough = 50

/** A list that grows at its end when asked for more, and at its top when something happens. */
export const usePages = <Item>({ path, asked, key, behind = 'cursor' }: PagesOptions<Item>): Pages<Item> => {
  const list = urlOf(path, asked)
  const [known, setKnown] = useState<Known<Item> | null>(null)
  const [error, setError] = useState<ApiProblem | null>(null)
  const [isAsking, setAsking] = useState(false)
  const current = useRef(list)
  current.current = list
  const isKnown = known !== null && known.list === list
  const leaving = useRef(new AbortController())

  const load = useCallback(
    (cursor: Page<Item>['next'], position = 0): void => {
      setAsking(true)
      const { signal } = leaving.current
      const whole = {
        ...asked,
        ...(cursor !== null && { [behind]: cursor }),
        ...(position > 0 && { position }),
      }
      getJson<Page<Item>>(urlOf(path, whole), signal)
        .then(
          (page) => {
            if (signal.aborted || current.current !== list) return
            setError(null)
            setKnown((before) => {
              const own = before?.list === list ? before : null
              // What was asked for behind the end of a list that ends elsewhere by now was overtaken.
              if (cursor !== null && own?.next !== cursor) return before
              return joined(own, page, { list, cursor, key })
            })
          },
          (problem: ApiProblem) => {
            if (signal.aborted || current.current !== list) return
            // What lists have so far is better than nothing.
            if (position > 0 && problem.status === 503) load(cursor)
            else setError(problem)
          },
        )
        .finally(() => {
          if (!signal.aborted) setAsking(false)
        })
    },
    [list],
  )
  useEffect(() => {
    setError(null)
    const left = new AbortController()
    leaving.current = left
    load(null)
    // What nobody waits for any more is not looked for either: the server stops.
    return () => left.abort()
  }, [load])
  const next = isKnown ? known.next : null
  const searchedTo = isKnown && next !== null ? (known.searchedTo ?? null) : null
  const wanted = searchedTo === null ? 1 : enough
  const goOn = isKnown && known.items.length < wanted ? next : null
  useEffect(() => {
    if (goOn !== null) load(goOn)
  }, [goOn])
  // A search that failed on its way goes on there: its newest page is known, and asked again would say nothing of the rest.
  const again = (): void => load(error === null ? null : goOn)
  useUnreached(error, again)
  return {
    // Nothing found yet is not nothing.
    items: isKnown && (known.items.length > 0 || next === null) ? known.items : null,
    ...{ error, isAsking, searchedTo, passedOver: isKnown ? known.passedOver : 0 },
    more: next === null ? null : () => load(next),
    again,
    upTo: (position) => load(error === null ? null : goOn, position),
    change: (now) =>
      setKnown((before) =>
        before === null ? null : { ...before, items: before.items.flatMap((item) => now(item) ?? []) },
      ),
    add: (come) =>
      setKnown((before) => {
        if (before === null) return null
        const known = new Set(before.items.map(key))
        const fresh = come.filter((item) => !known.has(key(item)))
        return { ...before, items: [...fresh, ...before.items].slice(0, longest) }
      }),
  }
}

/** Most rows kept on the page; whoever wants more filters. */
const longest = 5_000

const sumOf = (counts: Page<unknown>['passedOver']): number =>
  Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0)

const joined = <Item>(
  before: Known<Item> | null,
  { items, next, searchedTo = null, passedOver: counts }: Page<Item>,
  { list, cursor, key }: { list: string; cursor: Page<Item>['next']; key: (item: Item) => string },
): Known<Item> => {
  const passedOver = sumOf(counts)
  if (before === null) return { list, items, next, searchedTo, passedOver }
  const fresh = new Set(items.map(key))
  if (cursor !== null)
    return {
      ...{ list, next, searchedTo, passedOver: before.passedOver + passedOver },
      items: [...before.items.filter((item) => !fresh.has(key(item))), ...items].slice(-longest),
    }
  // Where nothing of the new page was known before, what lies between is not known either; what lay between rows of it is gone.
  const last = before.items.findLastIndex((item) => fresh.has(key(item)))
  const isNothingNew = items.length === 0 || last >= 0
  return next !== null && isNothingNew
    ? { ...before, items: [...items, ...before.items.slice(last + 1)].slice(0, longest) }
    : { list, items, next, searchedTo, passedOver }
}
