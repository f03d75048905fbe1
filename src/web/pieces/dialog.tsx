/** A window within the page; the browser keeps the focus in it and closes it with Escape. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

type DialogProps = {
  readonly title: string
  readonly close: () => void
  readonly class?: string
  /** Asked before it is closed by Escape, its cross, or the way back of a phone; where it says no, it stays as it is. */
  readonly mayClose?: () => boolean
  readonly children: ComponentChildren
}

export const Dialog = ({ title, close, class: className = '', mayClose, children }: DialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const isMeant = useRef(false)
  const may = (): boolean => isMeant.current || mayClose === undefined || mayClose()
  /** The browser gives the focus back to where it was. */
  const shut = (): void => {
    if (!may()) return
    isMeant.current = true
    dialog.current?.close()
  }
  return (
    <dialog
      ref={dialog}
      onClose={() => {
        // A browser that is asked twice closes it without asking us.
        if (may()) close()
        else dialog.current?.showModal()
      }}
      onCancel={(event) => {
        if (event.target === dialog.current && !may()) event.preventDefault()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.preventDefault()
        shut()
      }}
      aria-label={title}
      class={className}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="quiet" onClick={shut} aria-label="Close">
          ✕
        </button>
      </header>
      {children}
    </dialog>
  )
}
