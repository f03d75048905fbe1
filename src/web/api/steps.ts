/** All steps of a history, and those that come while one looks. */
import { useEffect, useState } from 'preact/hooks'
import type { Step } from '../../history/steps.ts'
import { type ApiProblem, getJson, urlOf } from './client.ts'

export type Steps = {
  readonly steps: readonly Step[] | null
  readonly error: ApiProblem | null
}

/** `turn` changes when there may be more of them. */
export const useSteps = (path: readonly string[], turn: number): Steps => {
  const [known, setKnown] = useState<Steps>({ steps: null, error: null })
  const url = urlOf(path)
  useEffect(() => {
    const ending = new AbortController()
    getJson<{ readonly items: readonly Step[] }>(url, ending.signal).then(
      ({ items }) => setKnown({ steps: items, error: null }),
      (error: ApiProblem) => {
        if (!ending.signal.aborted) setKnown((before) => ({ ...before, error }))
      },
    )
    return () => ending.abort()
  }, [url, turn])
  return known
}
