/** Small things that every page is made of. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ApiProblem } from '../api/client.ts'

const dayOf = (at: Date): string => at.toLocaleDateString('en-CA')
const two = (value: number): string => String(value).padStart(2, '0')
const clock = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`

/** A time as the reader's clock has it, in full on hover. Today's without a date. */
export const Time = ({ at, exact = false }: { readonly at: string; readonly exact?: boolean }) => {
  const date = new Date(at)
  const isToday = dayOf(date) === dayOf(new Date())
  const fraction = exact ? `.${String(date.getMilliseconds()).padStart(3, '0')}` : ''
  return (
    <time dateTime={at} title={at}>
      {isToday ? '' : `${dayOf(date)} `}
      {clock(date)}
      {fraction}
    </time>
  )
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]
/** `3.2 s`, `120 ms`. */
export const lasting = (milliseconds: number): string => {
  const unit = units.find(([, size]) => milliseconds >= size)
  if (unit === undefined) return `${Math.round(milliseconds)} ms`
  const value = milliseconds / unit[1]
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit[0]}`
}

export const Ago = ({ at }: { readonly at: string }) => {
  const past = Date.now() - Date.parse(at)
  return (
    <time dateTime={at} title={at}>
      {past < 0 ? `in ${lasting(-past)}` : past < 2_000 ? 'now' : `${lasting(past)} ago`}
    </time>
  )
}

export const bytes = (size: number): string => {
  if (size < 1_000) return `${size} B`
  const [value, unit] = size < 1_000_000 ? [size / 1_000, 'kB'] : [size / 1_000_000, 'MB']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

export const counted = (count: number, what: string, several = `${what}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? what : several}`

export type Tone = 'good' | 'bad' | 'warn' | 'weak' | 'live'

export const Badge = ({
  tone,
  children,
  title,
}: {
  readonly tone: Tone
  readonly children: ComponentChildren
  readonly title?: string
}) => (
  <span class={`badge ${tone}`} title={title}>
    {children}
  </span>
)

export const Copy = ({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) => {
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1_500)
  }
  return (
    <button type="button" class="small" onClick={() => void copy()}>
      {isCopied ? 'Copied' : label}
    </button>
  )
}

/** A line to type elsewhere, with a button that copies it. */
export const Line = ({ text }: { readonly text: string }) => (
  <div class="command">
    <code>{text}</code>
    <Copy text={text} />
  </div>
)

export const Problem = ({ error, again }: { readonly error: ApiProblem; readonly again?: () => void }) => (
  <div class="problem" role="alert">
    <p>
      {error.status === 404 ? 'There is none such here' : 'That did not work'}
      {`: ${error.message}${/[.?!]$/.test(error.message) ? '' : '.'}`}
    </p>
    {again !== undefined && (
      <button type="button" onClick={again}>
        Try again
      </button>
    )}
  </div>
)

export const Waiting = () => (
  <p class="waiting" role="status">
    Loading …
  </p>
)

/** What is here once there is something, and how to get it there. */
export const Empty = ({
  title,
  children,
}: {
  readonly title: string
  readonly children: ComponentChildren
}) => (
  <section class="empty">
    <h2>{title}</h2>
    {children}
  </section>
)

/** Asks for more when its end comes into view. */
export const More = ({
  more,
  isAsking,
  searchedTo = null,
}: {
  readonly more: (() => void) | null
  readonly isAsking: boolean
  /** Of a search that goes on: how far back it has come. */
  readonly searchedTo?: string | null
}) => {
  const button = useRef<HTMLButtonElement>(null)
  const latest = useRef(more)
  latest.current = isAsking ? null : more
  useEffect(() => {
    if (button.current === null) return
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) latest.current?.()
      },
      { rootMargin: '300px' },
    )
    watch.observe(button.current)
    return () => watch.disconnect()
  }, [more === null])
  if (more === null) return null
  return (
    <button type="button" ref={button} class="more" onClick={more} disabled={isAsking}>
      {isAsking && searchedTo !== null ? (
        <>
          Looking back before <Time at={searchedTo} /> …
        </>
      ) : isAsking ? (
        'Loading …'
      ) : (
        'Show more'
      )}
    </button>
  )
}

export const Tabs = ({
  tabs,
  current,
  choose,
  label,
}: {
  readonly tabs: readonly (readonly [id: string, title: ComponentChildren])[]
  readonly current: string
  readonly choose: (id: string) => void
  readonly label: string
}) => (
  <div class="tabs" role="tablist" aria-label={label}>
    {tabs.map(([id, title]) => (
      <button
        type="button"
        role="tab"
        key={id}
        aria-selected={id === current}
        class={id === current ? 'chosen' : ''}
        onClick={() => choose(id)}
      >
        {title}
      </button>
    ))}
  </div>
)

/** A list of which only what is in view is on the page; rows of one height. */
export const Windowed = ({
  count,
  height,
  row,
  shown,
  class: className = '',
  label,
}: {
  readonly count: number
  /** Of a row, pixels. */
  readonly height: number
  readonly row: (at: number) => JSX.Element
  /** This row is kept in view. */
  readonly shown: number | null
  readonly class?: string
  readonly label: string
}) => {
  const box = useRef<HTMLElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  const look = (): void => {
    const { current } = box
    if (current !== null) setView({ top: current.scrollTop, height: current.clientHeight })
  }
  useEffect(() => {
    look()
    const watch = new ResizeObserver(look)
    if (box.current !== null) watch.observe(box.current)
    return () => watch.disconnect()
  }, [])
  useEffect(() => {
    const { current } = box
    if (current === null || shown === null) return
    const top = shown * height
    const isVisible =
      top >= current.scrollTop + height && top + 2 * height <= current.scrollTop + current.clientHeight
    if (!isVisible) current.scrollTop = Math.max(0, top - current.clientHeight / 2)
  }, [shown, height, count])
  const first = Math.max(0, Math.floor(view.top / height) - 10)
  const last = Math.min(count, Math.ceil((view.top + view.height) / height) + 10)
  return (
    <section
      class={`windowed ${className}`}
      ref={box}
      onScroll={look}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
      tabIndex={0}
      aria-label={label}
    >
      <div class="all" style={{ height: `${count * height}px` }}>
        <div class="seen" style={{ transform: `translateY(${first * height}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, at) => row(first + at))}
        </div>
      </div>
    </section>
  )
}
