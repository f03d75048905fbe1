/** A search that reads mail as well: what lists show is found at once, what mail says takes its time. */
import { ask } from '../frame/router.ts'
import { counted } from '../pieces/pieces.tsx'

/** In the address: that the text is searched too. */
export const widely = 'in'
const inText = 'text'

/** Whether it is asked for. */
export const isWide = (query: URLSearchParams): boolean => query.get(widely) === inText

/** Filters as the API takes them: the words are looked for in all that mail says. */
export const widened = (
  asked: Readonly<Record<string, string>>,
  { query, field }: { readonly query: URLSearchParams; readonly field: string },
): Record<string, string> => {
  const { [field]: words, ...rest } = asked
  return words === undefined || !isWide(query) ? { ...asked } : { ...rest, text: words }
}

const set = (isOn: boolean): void => ask({ [widely]: isOn ? inText : null })

const about =
  'Reads mail, the newest first: each of the words stands in its text, in the name of an attachment, in its subject or in From'

export const TextToo = ({ query }: { readonly query: URLSearchParams }) => (
  <label class="too" title={about}>
    <input
      type="checkbox"
      checked={isWide(query)}
      onChange={({ currentTarget }) => set(currentTarget.checked)}
    />
    Search the text too
  </label>
)

export const SearchText = () => (
  <button type="button" onClick={() => set(true)}>
    Search the text too
  </button>
)

export const PassedOver = ({ count }: { readonly count: number }) =>
  count === 0 ? null : (
    <p class="weak">
      {counted(count, 'mail')} could not be searched, or not to the end: what{' '}
      {count === 1 ? 'it says' : 'they say'} was removed, or is too much.
    </p>
  )
