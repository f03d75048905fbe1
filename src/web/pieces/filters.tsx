/** Filters of a list, kept in the address: what is filtered can be linked to. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { ask } from '../frame/router.ts'
import { askedTime, isTimeField, shownTime, timeTitle } from './local-time.ts'

export type Field = {
  readonly name: string
  readonly title: string
  readonly hint?: string
  /** One of these, where only some words are possible. */
  readonly choices?: readonly string[]
  /** Words that may be meant, where others are possible too. */
  readonly suggested?: readonly string[]
  /** Shown always; others behind a button. */
  readonly first?: true
}

/** What of the address are filters of the list, as the API takes them. */
export const askedBy = (fields: readonly Field[], query: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    fields.flatMap(({ name }) => {
      const value = query.get(name)
      return value === null || value === '' ? [] : [[name, value] as const]
    }),
  )

/** Characters of a field: its hint is seen whole. */
const shortest = 14
/** Of one for a time, which is seen whole as well. */
const shortestTime = 20

const Choice = ({ field, value }: { readonly field: Field; readonly value: string }) => (
  <label>
    <span>{field.title}</span>
    <select
      value={value}
      onChange={({ currentTarget }) => ask({ [field.name]: currentTarget.value })}
      data-field={field.name}
    >
      <option value="">any</option>
      {(field.choices ?? []).map((choice) => (
        <option key={choice} value={choice} selected={choice === value}>
          {choice}
        </option>
      ))}
    </select>
  </label>
)

const Words = ({ field, value }: { readonly field: Field; readonly value: string }) => {
  const shown = shownTime(field.name, value)
  const [typed, setTyped] = useState({ value, text: shown })
  // At once, not in an effect: that would come after what somebody has typed meanwhile, and take it away.
  if (typed.value !== value) setTyped({ value, text: shown })
  const text = typed.value === value ? typed.text : shown
  const isTime = isTimeField(field.name)
  const apply = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }): void =>
    ask({ [field.name]: askedTime(field.name, currentTarget.value.trim()) })
  return (
    // What is typed is asked for when it is done: that Enter does it is said meanwhile.
    <label class={text.trim() === shown ? '' : 'typed'} {...(isTime && { title: timeTitle() })}>
      <span>{field.title}</span>
      <input
        type="search"
        value={text}
        placeholder={field.hint ?? ''}
        size={Math.max(isTime ? shortestTime : shortest, field.hint?.length ?? 0)}
        data-field={field.name}
        {...(field.first === true && { 'data-search': '' })}
        onInput={({ currentTarget }) => setTyped({ value, text: currentTarget.value })}
        onChange={apply}
        // The field's cross and Escape empty it, and are no change before it is left.
        onSearch={apply}
        {...(field.suggested !== undefined && { list: `words-${field.name}` })}
      />
      {field.suggested !== undefined && (
        <datalist id={`words-${field.name}`}>
          {field.suggested.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      )}
    </label>
  )
}

export const Filters = ({
  fields,
  query,
  also = [],
  children,
}: {
  readonly fields: readonly Field[]
  readonly query: URLSearchParams
  /** What else of the address goes when all is cleared. */
  readonly also?: readonly string[]
  /** Behind the fields. */
  readonly children?: ComponentChildren
}) => {
  const given = Object.keys(askedBy(fields, query))
  const hidden = fields.filter(({ first, name }) => first !== true && !given.includes(name))
  const [isOpen, setOpen] = useState(false)
  const shown = isOpen ? fields : fields.filter((field) => !hidden.includes(field))
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      {shown.map((field) =>
        field.choices === undefined ? (
          <Words key={field.name} field={field} value={query.get(field.name) ?? ''} />
        ) : (
          <Choice key={field.name} field={field} value={query.get(field.name) ?? ''} />
        ),
      )}
      {children}
      {hidden.length > 0 && (
        <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Fewer filters' : 'More filters'}
        </button>
      )}
      {given.length > 0 && (
        <button
          type="button"
          class="quiet"
          onClick={() =>
            ask(Object.fromEntries([...fields.map(({ name }) => name), ...also].map((name) => [name, null])))
          }
        >
          Clear
        </button>
      )}
    </form>
  )
}
