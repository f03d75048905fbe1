/** Something done to many deliveries, one after the other: what cannot be done to one says so, and keeps nobody else. */
import type { Acted, ActQuestion } from '../control.ts'
import type { Courier } from './courier.ts'

export const actOnEach = async (
  courier: Pick<Courier, 'act'>,
  { act, ids, by }: ActQuestion,
): Promise<readonly Acted[]> => {
  const acted: Acted[] = []
  for (const id of ids)
    acted.push(
      await courier.act(id, act, by).then(
        (done) => ({ id, done }),
        (error: Error) => ({ id, done: null, error: error.message }),
      ),
    )
  return acted
}
