/**
 * A process that appends in a loop until it is killed, and says on its standard output what was acknowledged: a line with
 * the stream, the last revision and the position for each. `node log-appender.ts DIRECTORY NAME`
 */
import { writeSync } from 'node:fs'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { event } from './log-place.ts'

const [directory = '', name = ''] = process.argv.slice(2)
const log = await openSqliteLog({ directory })

const appendForEver = async (stream: string): Promise<never> => {
  for (let n = 0, revision = -1; ; n++) {
    const events = Array.from({ length: (n % 4) + 1 }, () => event({ n, text: 'y'.repeat(300) }))
    const contents = [{ id: `${stream}_${n}`, bytes: Buffer.alloc(4096, n % 256) }]
    const { position } = await log.append([{ stream, expected: revision, events, contents }])
    revision += events.length
    writeSync(1, `${stream} ${revision} ${position} ${n}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, (_, n) => appendForEver(`test-${name}_${n}`)))
