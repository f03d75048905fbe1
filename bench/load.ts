/** Load: Postfix's `smtp-source`, the same for every server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { findProgram } from '../test/programs.ts'

export type Load = {
  readonly port: number
  readonly sessions: number
  readonly messages: number
  /** One connection for many mails, or a new one for each. */
  readonly connections: 'reused' | 'new'
}

const messageBytes = 4096

/**
 * Sends the mails and gives back how many were accepted a second.
 * @throws Error when one was not accepted: `smtp-source` ends at the first refusal
 */
export const measureAccepts = async ({ port, sessions, messages, connections }: Load): Promise<number> => {
  const args = ['-s', `${sessions}`, '-m', `${messages}`, '-l', `${messageBytes}`]
  if (connections === 'reused') args.push('-d')
  args.push('-f', 'sender@load.example', '-t', 'box@bench.example', `127.0.0.1:${port}`)
  const startedAt = performance.now()
  const child = spawn(findProgram('smtp-source')!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.on('data', (bytes: Buffer) => {
    words = `${words}${bytes}`.slice(-2000)
  })
  await once(child, 'close')
  const seconds = (performance.now() - startedAt) / 1000
  if (child.exitCode !== 0) throw new Error(`smtp-source ${args.join(' ')}: ${words.trim()}`)
  return messages / seconds
}
