/** Questions to a file that may turn out to be damaged: it is thrown away, and whoever asked is told to ask again. */
import { isDamage } from './database.ts'

export class ViewsDamaged extends Error {
  override readonly name = 'ViewsDamaged'
  constructor(cause: Error) {
    super(
      `views.sqlite was damaged (${cause.message}) and is deleted; ask again, and it is built again from the log`,
      {
        cause,
      },
    )
  }
}

/** Runs questions; `discard` throws the file away. Both throw `ViewsDamaged`. */
export const damageAware = (discard: () => void) => {
  const judged = (error: unknown): unknown => {
    if (!isDamage(error)) return error
    discard()
    return new ViewsDamaged(error as Error)
  }
  return {
    once: <Answer>(ask: () => Answer): Answer => {
      try {
        return ask()
      } catch (error) {
        throw judged(error)
      }
    },
    *each<Item>(ask: () => Iterable<Item>): Generator<Item> {
      try {
        yield* ask()
      } catch (error) {
        throw judged(error)
      }
    },
  }
}
