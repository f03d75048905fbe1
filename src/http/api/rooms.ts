/** What the API answers from: the desk of the views, and how fresh an answer has to be. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Search } from '../../searching/index.ts'
import type { Desk } from '../../views/desk/index.ts'
import type { House } from '../house.ts'
import { Problem } from '../problem.ts'

export type Rooms = {
  readonly desk: Desk['ask']
  /** The same where a look may take long, and keeps nobody waiting who wants a page that is near. */
  readonly far: Desk['ask']
  /** Answers out of the log, read where no mail waits for it. */
  readonly records: Desk['ask']
  /** Reads mail for the words in it. */
  readonly search: Search
  /** Resolves once the views hold everything up to a position of the log. @throws Problem where they take too long */
  readonly until: (position: number) => Promise<void>
  /** Gives the views a moment for what was done just now, so that who asks next finds it done; that they are late is no fault of what was done. */
  readonly settle: (position: number) => Promise<void>
  /** What `find` gives; where that is nothing, once more when the views hold what the log held just now. @throws Problem 404 */
  readonly found: <Value>(what: string, find: () => Promise<Value | null>) => Promise<Value>
}

/** Milliseconds between two looks at how far the views are. */
const lookEvery = 5
/** Milliseconds for views that somebody waits for, and for those that may not have what is asked for yet. */
const longest = 5_000
const shortest = 2_000
const aMoment = 500

export const roomsOf = (
  house: House,
  { desk, far, records, search }: Pick<Rooms, 'desk' | 'far' | 'records' | 'search'>,
): Rooms => {
  const reached = async (position: number, patience: number): Promise<boolean> => {
    const end = performance.now() + patience
    while (house.views.position() < position) {
      if (performance.now() > end || !house.views.isKept()) return false
      await pause(lookEvery)
    }
    return true
  }
  return {
    ...{ desk, far, records, search },
    until: async (position) => {
      if (position > (await house.log.tail()))
        throw new Problem(400, `position ${position} is beyond the end of the log`)
      if (!(await reached(position, longest)))
        throw new Problem(503, `the views have come to position ${house.views.position()} so far; ask again`)
    },
    settle: async (position) => {
      await reached(position, aMoment)
    },
    found: async (what, find) => {
      const first = await find()
      if (first !== null) return first
      const tail = await house.log.tail()
      if (house.views.position() < tail) {
        await reached(tail, shortest)
        const again = await find()
        if (again !== null) return again
      }
      throw new Problem(404, `there is no ${what}`)
    },
  }
}
