/** A mail that was begun and not sent: nobody throws it away by mistake. */
import { useEffect, useRef } from 'preact/hooks'

/** Whether somebody wrote something: who closes it by mistake is asked first. */
export const isWritten = (form: HTMLFormElement | null): boolean =>
  [...(form?.elements ?? [])].some(
    (field) =>
      (field instanceof HTMLTextAreaElement ||
        (field instanceof HTMLInputElement && field.type !== 'file' && field.name !== 'from')) &&
      field.value !== field.defaultValue,
  )

/** As long as `isKept`, who leaves the page is asked by the browser. */
export const useKept = (isKept: () => boolean): void => {
  const latest = useRef(isKept)
  latest.current = isKept
  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent): void => {
      if (latest.current()) event.preventDefault()
    }
    window.addEventListener('beforeunload', leaving)
    return () => window.removeEventListener('beforeunload', leaving)
  }, [])
}

export const Unsent = ({ keep, away }: { readonly keep: () => void; readonly away: () => void }) => {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  return (
    <div class="notice asking" role="alert">
      <span>It was not sent. Throw it away?</span>
      <span class="actions">
        <button type="button" ref={button} onClick={keep}>
          Go on writing
        </button>
        <button type="button" class="danger" onClick={away}>
          Throw it away
        </button>
      </span>
    </div>
  )
}
