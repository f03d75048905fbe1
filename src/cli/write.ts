/** How changing commands reach the log: through the running server, otherwise themselves. */
import { connectControl } from '../control.ts'
import { DirectoryInUse } from '../log/lock.ts'
import { type LogPlace, openLogBeside } from '../log/open.ts'
import type { EventLog } from '../log/port.ts'
import { CommandFault } from './fault.ts'

export type Writing = Pick<EventLog, 'append'> & { close(): Promise<void> }

/** @throws CommandFault when another process holds the data without answering */
export const openForWriting = async (place: LogPlace): Promise<Writing> => {
  const control = await connectControl(place.data)
  if (control) return { append: control.append, close: async () => control.close() }
  try {
    return await openLogBeside(place)
  } catch (error) {
    if (error instanceof DirectoryInUse) throw new CommandFault(error.message)
    throw error
  }
}
