/** A page at another time: which one is in the address, and what is shown is marked as past. */
import { useState } from 'preact/hooks'
import { ask } from '../frame/router.ts'
import { Time } from './pieces.tsx'

/** The time that is shown, null for now. */
export const pastIn = (query: URLSearchParams): string | null => {
  const asOf = query.get('asOf')
  return asOf === null || asOf === '' ? null : asOf
}

/** An address of this page at a time; null for now. */
export const inTime = (path: string, asOf: string | null): string =>
  asOf === null ? path : `${path}?asOf=${encodeURIComponent(asOf)}`

const two = (value: number): string => String(value).padStart(2, '0')
/** As a field for a date and a time has it, by the reader's clock. */
const localOf = (at: Date): string =>
  `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`

const isTime = (asOf: string): boolean => !Number.isNaN(Date.parse(asOf))
const travel = (at: number): void => ask({ asOf: new Date(at).toISOString() })

/** Minutes. */
const steps: readonly (readonly [title: string, minutes: number])[] = [
  ['10 min', 10],
  ['1 h', 60],
  ['1 day', 1_440],
  ['1 week', 10_080],
]

const Choose = ({ asOf }: { readonly asOf: string | null }) => {
  const from = asOf !== null && isTime(asOf) ? Date.parse(asOf) : Date.now()
  return (
    <div class="travel">
      <label>
        <span>As it was at</span>
        <input
          type="datetime-local"
          step="1"
          value={localOf(new Date(from))}
          max={localOf(new Date())}
          onChange={({ currentTarget: { value } }) => {
            if (isTime(value)) travel(Date.parse(value))
          }}
        />
      </label>
      <p class="steps-back">
        {steps.map(([title, minutes]) => (
          <button type="button" class="small" key={title} onClick={() => travel(from - minutes * 60_000)}>
            −{title}
          </button>
        ))}
        {asOf !== null &&
          steps.map(([title, minutes]) => (
            <button
              type="button"
              class="small"
              key={`+${title}`}
              disabled={from + minutes * 60_000 > Date.now()}
              onClick={() => travel(from + minutes * 60_000)}
            >
              +{title}
            </button>
          ))}
      </p>
    </div>
  )
}

/** `what`: `the mailbox as it was`. */
export const Past = ({ query, what }: { readonly query: URLSearchParams; readonly what: string }) => {
  const asOf = pastIn(query)
  const [isOpen, setOpen] = useState(false)
  if (asOf === null)
    return (
      <div class="past-way">
        <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          ↶ Time travel
        </button>
        {isOpen && <Choose asOf={null} />}
      </div>
    )
  return (
    <div class="past">
      <p role="status">
        <strong>The past:</strong> {what} {isTime(asOf) ? 'at ' : `${asOf} ago`}
        {isTime(asOf) && <Time at={asOf} />}. Nothing can be changed here.
      </p>
      <Choose asOf={asOf} />
      <button type="button" class="main" onClick={() => ask({ asOf: null })}>
        Back to now
      </button>
    </div>
  )
}
