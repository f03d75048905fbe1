/** Every history that a release wrote is told by today's code as it was (see README.md). */
import assert from 'node:assert/strict'
import { createReadStream, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { machines } from '../../machines/index.ts'
import { HistoryFile } from '../../src/history/file.ts'
import type { Finding } from '../../src/history/findings.ts'
import { steps } from '../../src/history/steps.ts'
import { verifyPages } from '../../src/history/verify.ts'
import { categoryOf } from '../../src/log/port.ts'

const here = dirname(fileURLToPath(import.meta.url))
const releases = globSync('*.ndjson', { cwd: here }).sort()

test('there are histories to tell', () => assert.notEqual(releases.length, 0))

for (const release of releases)
  test(`${release} is told as it was`, async () => {
    const file = new HistoryFile(() => createReadStream(join(here, release)))
    const findings: Finding[] = []
    const found = (finding: Finding): void => void findings.push(finding)
    const summary = await verifyPages(() => file.pages(), file.log, { machines, found, content: file.content, books: null })
    assert.deepEqual(findings, [])
    assert.ok(summary.streams > 0 && summary.ok === summary.streams)
    for (const { stream, events, policy } of await file.streams(machines.map(({ category }) => category))) {
      const module = machines.find(({ category }) => category === categoryOf(stream))
      assert.deepEqual(
        steps(events, module, policy).filter(({ diverged }) => diverged !== null),
        [],
      )
    }
  })
