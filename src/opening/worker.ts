/** The thread that takes messages apart. It may be ended at any moment. */
import { parentPort } from 'node:worker_threads'
import { asError } from '../as-error.ts'
import { framed } from './frame.ts'
import type { Done, Job, Ordered, ResultOf } from './jobs.ts'
import { type Parts, partsOf } from './parts.ts'

if (parentPort === null) throw new Error('this is a thread of the server, not a program')
const port = parentPort

const partOf = ({ told, bytes }: Parts, wanted: string): ResultOf['part'] => {
  const octets = bytes.get(wanted)
  const name = told.attachments.find(({ part }) => part === wanted)?.name ?? null
  return octets === undefined ? null : { name, bytes: octets }
}

const resultOf = (job: Job, parts: Parts): string | object | null => {
  switch (job.kind) {
    case 'told':
      return parts.told
    case 'part':
      return partOf(parts, job.part)
    case 'html':
      return parts.told.html === null ? null : framed(parts.told.html, parts)
    default:
      return job satisfies never
  }
}

const done = async ({ job, bytes }: Ordered): Promise<Done> => {
  try {
    return { result: resultOf(job, await partsOf(bytes)) }
  } catch (error) {
    return { fault: asError(error).message }
  }
}

port.on('message', (ordered: Ordered) => void done(ordered).then((one) => port.postMessage(one)))
