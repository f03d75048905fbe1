/** kill -9 at random moments: what was acknowledged is there, what is there is whole, and the next start needs no help. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LogReader } from '../../src/log/port.ts'
import { openSqliteReader } from '../../src/log/sqlite/index.ts'
import { append, directoryFor, openLogFor, positionsIn, upTo } from './log-place.ts'

const script = fileURLToPath(new URL('./log-appender.ts', import.meta.url))
const rounds = 6

type Acknowledged = { stream: string; revision: number; position: number; n: number }

/** Runs the appender until it has acknowledged so many appends, then kills it. */
const runAndKill = async (directory: string, name: string, appends: number): Promise<Acknowledged[]> => {
  const child = spawn(process.execPath, [script, directory, name], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  let lines = 0
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    said += text
    lines += text.split('\n').length - 1
    if (lines >= appends) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  assert.equal(signal, 'SIGKILL')
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [stream = '', revision, position, n] = line.split(' ')
      return { stream, revision: Number(revision), position: Number(position), n: Number(n) }
    })
}

const checkAll = async (reader: LogReader, acknowledged: readonly Acknowledged[]): Promise<void> => {
  const tail = await reader.tail()
  assert.deepEqual(await positionsIn(reader), upTo(tail))
  const last = new Map(acknowledged.map((one) => [one.stream, one]))
  for (const { stream, revision, position } of last.values()) {
    const positions: number[] = []
    for await (const page of reader.readStream(stream)) positions.push(...page.map((found) => found.position))
    assert.ok(positions.length > revision, `${stream} ends before revision ${revision}`)
    assert.equal(positions[revision], position)
  }
  for (const { stream, n } of acknowledged) {
    const body = await reader.content(`${stream}_${n}`)
    assert.ok(body !== null && body.byteLength === 4096 && body[0] === n % 256, `the body of ${stream}, ${n}`)
  }
}

it('a killed process leaves every acknowledged append behind', { timeout: 120_000 }, async (test) => {
  const directory = await directoryFor(test)
  const acknowledged: Acknowledged[] = []
  for (let round = 0; round < rounds; round++) {
    acknowledged.push(...(await runAndKill(directory, `r${round}`, 1 + round * 150)))
    // As left behind, before any writer has opened it again.
    const reader = openSqliteReader({ directory })
    await checkAll(reader, acknowledged)
    await reader.close()
  }
  const log = await openLogFor(test, { directory })
  const { position } = await log.append(append('test-after', -1))
  assert.deepEqual(await positionsIn(log), upTo(position))
})
