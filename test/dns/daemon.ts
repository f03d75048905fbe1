/** Name servers that somebody else wrote, as processes on a loopback port. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { openResolver } from '../../src/dns/index.ts'
import { eventually } from '../eventually.ts'
import { said } from './place.ts'

export type Daemon = {
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
  /** Has an address as soon as the server is up. */
  readonly name: string
}

/** `127.0.0.1:12345`, when it answers; it is gone when the test is. */
export const startDaemon = async (context: TestContext, daemon: Daemon): Promise<string> => {
  const { command, args, port, name } = daemon
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      words = `${words}${bytes}`.slice(-4000)
    })
  context.after(async () => {
    child.kill()
    await ended
  })
  const address = `127.0.0.1:${port}`
  const isUp = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${command} ended: ${words}`)
    return /^[\d.]+$/.test(await said(openResolver({ servers: [address], timeout: 1_000 }), name, 'A'))
  }
  await eventually(isUp, { what: `an answer of ${command} (${words})` })
  return address
}
