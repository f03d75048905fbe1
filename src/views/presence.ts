/**
 * Whether a server works on a data directory: then its thread keeps the views, and others only wait. Asked of its socket; the
 * directory's lock is not touched, so that a look never keeps a server from starting.
 */
import { connectControl } from '../control.ts'

export const isServed = async (directory: string): Promise<boolean> => {
  const control = await connectControl(directory)
  control?.close()
  return control !== null
}
