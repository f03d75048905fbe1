/** A server that could not be reached is asked again as soon as it is back. */
import { useEffect, useRef } from 'preact/hooks'
import type { ApiProblem } from './client.ts'
import { type Line, useLine } from './live.ts'

/** Milliseconds from one try to the next where the live line says nothing. */
const pace = 5_000

/** Asks again when the live line is back; where there is none, by the clock. */
export const useUnreached = (error: ApiProblem | null, again: () => void): void => {
  const line = useLine()
  const before = useRef<Line>(line)
  const isBack = line === 'open' && before.current !== 'open'
  before.current = line
  useEffect(() => {
    if (error?.status !== 0) return
    if (isBack) return again()
    const timer = setTimeout(again, pace)
    return () => clearTimeout(timer)
  }, [error, line])
}
