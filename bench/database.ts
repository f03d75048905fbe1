/** The stand-in for KurrentDB as a process of its own: its processor time is a part of what these processors give, and is named. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Database = { readonly url: string; readonly pid: number; stop(): Promise<void> }

const script = fileURLToPath(new URL('../test/kurrent/serve.ts', import.meta.url))

/** `latency`: milliseconds from the arrival of an append to its commit. Its data are in its memory. */
export const startDatabase = async ({ latency }: { readonly latency: number }): Promise<Database> => {
  const args = ['--max-old-space-size=8192', script, '--latency', `${latency}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the stand-in for the database ended at once (exit code ${code})`)
    }),
  ])) as [string]
  return {
    url,
    pid: child.pid!,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}
