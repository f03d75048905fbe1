/** The thread that reads mail for those who look for a word of it. It may be ended at any moment. */
import { parentPort, workerData } from 'node:worker_threads'
import { asError } from '../as-error.ts'
import { type ContentReader, openContentReader } from '../content/open.ts'
import { openLogReader } from '../log/open.ts'
import { giveWay } from '../views/give-way.ts'
import { Cells } from './cells.ts'
import { lookAt } from './looking.ts'
import type { Done, Ordered, Place } from './thread.ts'

if (parentPort === null) throw new Error('this is a thread of the server, not a program')
const port = parentPort
const place = workerData as Place
giveWay(place.niceness)

const open = async (): Promise<ContentReader> => openContentReader(place, await openLogReader(place))
let reader: Promise<ContentReader> | null = null
const content = (): Promise<ContentReader> => {
  reader ??= open().catch((error: unknown) => {
    reader = null
    throw error
  })
  return reader
}

const done = async ({ order, shared }: Ordered): Promise<Done> => {
  try {
    await lookAt(await content(), order, new Cells(shared))
    return { fault: null }
  } catch (error) {
    return { fault: asError(error).message }
  }
}

port.on('message', async (ordered: Ordered) => port.postMessage(await done(ordered)))
