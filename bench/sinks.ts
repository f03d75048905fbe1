/** The far side: one `smtp-sink` for each destination, which counts the messages it took. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { findProgram } from '../test/programs.ts'
import { destinations } from './destinations.ts'
import { freePort } from './process.ts'

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
  child.stdout!.on('data', (bytes: Buffer) => {
    for (const [, count] of bytes.toString().matchAll(/mesg=(\d+)/g)) sink.messages = Number(count)
  })
  // It says nothing when it is up.
  await pause(100)
  return sink
}

export const startSinks = async (): Promise<Sinks> => {
  const sinks = await Promise.all(destinations.map(() => startSink()))
  return {
    ports: new Map(destinations.map((name, at) => [name, sinks[at]!.port])),
    taken: () => sinks.reduce((sum, { messages }) => sum + messages, 0),
    stop: async () => {
      for (const { child } of sinks) {
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        await gone
      }
    },
  }
}
