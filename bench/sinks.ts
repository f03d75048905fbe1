/** The far side: one `smtp-sink` for each destination, which counts the messages it took. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { findProgram } from '../test/programs.ts'
import { destinations } from './destinations.ts'
import { freePort, greets } from './process.ts'

export type Sinks = {
  /** `d0.example` to its port. */
  readonly ports: ReadonlyMap<string, number>
  /** Messages taken by all of them so far. */
  taken(): number
  stop(): Promise<void>
}

type Sink = { readonly child: ChildProcess; readonly port: number; messages: number }

const startSink = async (): Promise<Sink> => {
  const port = await freePort()
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(findProgram('smtp-sink')!, ['-c', ...user, `127.0.0.1:${port}`, '200'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const sink: Sink = { child, port, messages: 0 }
  let unread = ''
  child.stdout!.on('data', (bytes: Buffer) => {
    unread += bytes.toString()
    // Each line ends with a bare CR; a number may be cut in two.
    const end = unread.lastIndexOf('\r') + 1
    for (const [, count] of unread.slice(0, end).matchAll(/mesg=(\d+)\b/g)) sink.messages = Number(count)
    unread = unread.slice(end)
  })
  // It says nothing when it is up.
  for (const deadline = performance.now() + 10_000; !(await greets(port)); await pause(20))
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`smtp-sink does not answer on port ${port}`)
  return sink
}

export const startSinks = async (): Promise<Sinks> => {
  const sinks = await Promise.all(destinations.map(() => startSink()))
  return {
    ports: new Map(destinations.map((name, at) => [name, sinks[at]!.port])),
    taken: () => {
      const gone = sinks.find(({ child }) => child.exitCode !== null)
      if (gone !== undefined) throw new Error(`smtp-sink on port ${gone.port} ended`)
      return sinks.reduce((sum, { messages }) => sum + messages, 0)
    },
    stop: async () => {
      for (const { child } of sinks) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        await gone
      }
    },
  }
}
