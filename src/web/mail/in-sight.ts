/** The list that a mail is chosen from: it stays where it is, and the row of the mail is seen. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/** Where there is no room for both, list and mail take turns; as the style has it. */
const isNarrow = (): boolean => matchMedia('(max-width: 860px)').matches

/** `isListed`: the mail that is open is among the rows. */
export const useInSight = (message: string | null, isListed: boolean): void => {
  const listTop = useRef(0)
  const isOpen = message !== null
  // Before the page is as short as what is shown instead: the browser would move it by itself.
  useLayoutEffect(() => {
    if (isNarrow() && (isOpen || listTop.current > 0)) window.scrollTo(0, isOpen ? 0 : listTop.current)
    if (isOpen) return
    const note = (): void => {
      listTop.current = window.scrollY
    }
    window.addEventListener('scroll', note, { passive: true })
    return () => window.removeEventListener('scroll', note)
  }, [isOpen])
  useEffect(() => {
    if (isOpen && isListed)
      document.querySelector('.mails .rows a[aria-current]')?.scrollIntoView({ block: 'nearest' })
  }, [message, isListed])
}
