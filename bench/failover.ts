/** Two servers on one log and one bucket; one is killed with mail under way. How long until the other has delivered all of it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { farHost } from '../test/journeys/far-host.ts'
import { startS3StandIn } from '../test/s3/stand-in.ts'
import { startDatabase } from './database.ts'
import { destinations } from './destinations.ts'
import { type Installed, install } from './fsmtp.ts'
import type { Running } from './process.ts'
import type { Row } from './table.ts'

const load = fileURLToPath(new URL('./outgoing-load.ts', import.meta.url))
/** Milliseconds. */
const lease = 5_000
const patience = 60_000
/** Mails under way when their server is killed. */
const mails = 20
const rounds = 3

/** What is asked again and again until it is so. */
const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (const deadline = performance.now() + patience; !isSo(); await pause(5))
    if (performance.now() > deadline) throw new Error(`${what}: not within ${patience / 1000} s`)
}

const submit = async (port: number): Promise<void> => {
  const args = [load, `${port}`, '4', `${mails}`, 'box@bench.example']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error('a mail for another host was not accepted')
}

type Taken = { readonly first: number; readonly all: number }

/** Milliseconds from the kill of one server to the first mail the other delivered, and to the last. */
const takeOver = async (doomed: Running, far: Far): Promise<Taken> => {
  far.hold()
  const before = { dots: far.host.dots(), received: far.host.received.length }
  await submit(doomed.port)
  // As many as it makes at a time: then nothing of it is on the wire when it is killed.
  for (let dots = -1; dots < far.host.dots() || dots === before.dots; await pause(500)) dots = far.host.dots()
  process.kill(doomed.pid, 'SIGKILL')
  const killedAt = performance.now()
  far.goOn()
  const delivered = (): number => far.host.received.length - before.received
  await until('a first delivery by the other', () => delivered() > 0)
  const first = performance.now() - killedAt
  await until('all deliveries by the other', () => delivered() >= mails)
  return { first, all: performance.now() - killedAt }
}

type Far = {
  readonly host: Awaited<ReturnType<typeof farHost>>
  /** Final dots are not answered any more; those that came meanwhile never are. */
  readonly hold: () => void
  readonly goOn: () => void
}
const startFar = async (): Promise<Far> => {
  let isHeld = false
  const host = await farHost({ beforeAnswer: () => (isHeld ? new Promise(() => {}) : undefined) })
  return {
    host,
    hold: () => {
      isHeld = true
    },
    goOn: () => {
      isHeld = false
    },
  }
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(2)

export const measureFailover = async (home: string): Promise<Row> => {
  const [far, bucket, database] = [
    await startFar(),
    await startS3StandIn(),
    await startDatabase({ latency: 5 }),
  ]
  const routes = new Map(destinations.map((name) => [name, far.host.port]))
  const running: Running[] = []
  try {
    const nodes: Installed[] = []
    for (const node of ['a', 'b'])
      nodes.push(
        await install(join(home, `failover-${node}`), routes, {
          ...{ log: database.url, content: bucket.url, account: node === 'a' },
          cluster: { node: `${node}.bench.example`, lease },
        }),
      )
    for (const node of nodes) running.push(await node.serve())
    const taken: Taken[] = []
    for (let round = 0; round < rounds; round++) {
      const at = round % 2
      taken.push(await takeOver(running[at]!, far))
      running[at] = await nodes[at]!.serve()
      // Each knows of the other again.
      await pause(lease * 1.2)
    }
    return rowOf(taken)
  } finally {
    for (const server of running) await server.stop()
    await database.stop()
    await bucket.stop()
    // What was held is never answered.
    void far.host.close()
  }
}

const rowOf = (taken: readonly Taken[]): Row => ({
  what: `a server killed with ${mails} deliveries under way, lease ${lease / 1000} s: all delivered by the other`,
  value: Math.max(...taken.map(({ all }) => all)) / 1000,
  unit: 'seconds',
  must: lease / 1000 + 2,
  aim: lease / 1000 + 0.5,
  better: 'less',
  note: `two processes, the slowest of ${rounds}; first delivery after ${taken.map(({ first }) => seconds(first)).join(', ')} s, the last after ${taken.map(({ all }) => seconds(all)).join(', ')} s`,
})
