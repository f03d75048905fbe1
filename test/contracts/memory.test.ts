import { openMemoryLog } from '../../src/log/memory.ts'
import { eventLogContract } from './event-log.ts'

eventLogContract({
  name: 'memory',
  keeps: 'nothing',
  readableBy: 'its own process',
  positions: 'dense',
  forgets: 'at once',
  several: 'all or none',
  open: async () => {
    const log = openMemoryLog()
    return { log, dispose: () => log.close() }
  },
})
