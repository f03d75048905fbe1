/** Folds the log of a directory in small batches, and says so after each: for a test that kills it. */
import { openSqliteReader } from '../../src/log/sqlite/index.ts'
import { Runner } from '../../src/views/runner.ts'

const directory = process.argv[2]!
const log = openSqliteReader({ directory })
const runner = await Runner.open({ directory, log, batch: 60 })
while (await runner.step()) process.stdout.write('.')
runner.close()
await log.close()
