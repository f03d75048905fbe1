/** The contract on an S3-compatible bucket: the stand-in, and the real one that FSMTP_TEST_S3 names. */
import { openBucketContent } from '../../src/content/s3/store.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { startS3StandIn } from '../s3/stand-in.ts'
import { freshPrefix, realBucket } from '../s3/target.ts'
import { scratch } from '../scratch.ts'
import { contentContract, type OpenedContent } from './content.ts'

const opened = async (address: string, end: () => Promise<void>): Promise<OpenedContent> => {
  const log = openMemoryLog()
  const content = await openBucketContent({ address, directory: scratch('content'), log })
  const dispose = async (): Promise<void> => {
    await content.close()
    await log.close()
    await end()
  }
  return { content, log, dispose }
}

contentContract('s3, on the stand-in', async () => {
  const server = await startS3StandIn()
  return opened(server.url, () => server.stop())
})

contentContract('s3, on the stand-in, under a prefix', async () => {
  const server = await startS3StandIn()
  return opened(freshPrefix(server.url), () => server.stop())
})

if (realBucket !== undefined)
  contentContract('s3, on a real endpoint', () => opened(freshPrefix(realBucket ?? ''), async () => {}))
