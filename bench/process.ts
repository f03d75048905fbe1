/** Servers under measure are processes of their own; this starts them, waits for them and ends them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A server under measure. `stop` resolves when its process is gone. */
export type Running = {
  readonly port: number
  readonly pid: number
  /** Milliseconds from the start of the program to its first greeting. */
  readonly greetedAfter: number
  stop(): Promise<void>
}

export type Start = {
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A port of 127.0.0.1 that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port is free')
  return address.port
}

/** Whether a mail server answers there. */
export const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(2000, () => socket.destroy())
    socket.once('data', (bytes) => {
      socket.end('QUIT\r\n')
      resolve(bytes.toString('latin1').startsWith('220'))
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })

const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await gone
  clearTimeout(late)
}

/**
 * Starts a server and waits for its greeting, a minute at most.
 * @throws Error with the last words of the process when it does not come up
 */
export const start = async ({ command, args, port, cwd, env }: Start): Promise<Running> => {
  const startedAt = performance.now()
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    env: { ...process.env, ...env },
  })
  let words = ''
  const listen = (bytes: Buffer): void => {
    words = `${words}${bytes}`.slice(-4000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const deadline = performance.now() + 60_000
  while (!(await greets(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stopped(child)
      throw new Error(`${command} ${args.join(' ')} does not answer on port ${port}: ${words.trim()}`)
    }
    await pause(10)
  }
  const greetedAfter = performance.now() - startedAt
  if (child.pid === undefined) throw new Error(`${command} has no process id`)
  return { port, pid: child.pid, greetedAfter, stop: () => stopped(child) }
}
