/** A file dropped anywhere on the page is a history to replay. */
import { useEffect } from 'preact/hooks'
import { go } from './router.ts'

let waiting: File | null = null
let taker: ((file: File) => void) | null = null

const dropped = (event: DragEvent): void => {
  const file = event.dataTransfer?.files[0]
  if (file === undefined) return
  event.preventDefault()
  if (taker !== null) taker(file)
  else {
    waiting = file
    go('/replay')
  }
}

export const listenToDrops = (): void => {
  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
  })
  document.addEventListener('drop', dropped)
}

/** Takes what was dropped before, and what is dropped while a piece is shown. */
export const useDropped = (take: (file: File) => void): void => {
  useEffect(() => {
    taker = take
    if (waiting !== null) take(waiting)
    waiting = null
    return () => {
      taker = null
    }
  }, [])
}
