/** Whether a server is at work on the data, which decides what becomes of deliveries that are under way or due. */
import type { Config } from '../config/schema.ts'
import { connectControl } from '../control.ts'
import { isKurrentAddress } from '../log/kurrent/index.ts'

/** Said where `isServed` is false. */
export const unserved = 'no server runs here'

/** Of a log in a database others may be at work that are not seen from here: it counts as served. */
export const isServed = async ({ data, log }: Pick<Config, 'data' | 'log'>): Promise<boolean> => {
  if (isKurrentAddress(log)) return true
  const control = await connectControl(data)
  control?.close()
  return control !== null
}
