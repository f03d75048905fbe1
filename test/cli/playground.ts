/** A playground of a test's own, and the commands that use it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { StoredEvent } from '../../src/log/port.ts'
import {
  type ChildServer,
  eventually,
  type Finished,
  fsmtp,
  objects,
  type Settings,
  serve,
  workplace,
} from '../server.ts'

export type Playground = {
  readonly folder: string
  readonly server: ChildServer
  readonly mx: string
  /** Runs `fsmtp` with these words. */
  run(...words: readonly string[]): Promise<Finished>
  /** `fsmtp send` to these through the playground's mx; what it printed with `--json`. */
  send(...words: readonly string[]): Promise<Finished & { readonly sent: Record<string, unknown> }>
  deliveries(...words: readonly string[]): Promise<readonly Row[]>
  /** Waits until there are so many of this status. */
  standing(status: string, count: number): Promise<readonly Row[]>
}
export type Row = { readonly id: string; readonly status: string; readonly message: string } & Record<
  string,
  unknown
>

export const playground = async (t: TestContext, settings: Settings = {}): Promise<Playground> => {
  const folder = workplace({
    ...{ playground: true, hostname: 'localhost', domains: [] },
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    // As long as a test lasts, nothing is tried again by itself.
    delivery: { retry: ['1h'], warnAfter: '2h', giveUpAfter: '5h' },
    ...settings,
  })
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))
  const mx = `127.0.0.1:${server.port('mx')}`
  const run = (...words: readonly string[]): Promise<Finished> => fsmtp(folder, words)
  const deliveries = async (...words: readonly string[]): Promise<readonly Row[]> =>
    objects(await run('deliveries', '--json', ...words)) as Row[]
  return {
    ...{ folder, server, mx, run, deliveries },
    send: async (...words) => {
      const said = await run('send', '--via', mx, '--json', ...words)
      return { ...said, sent: objects(said)[0] ?? {} }
    },
    standing: (status, count) =>
      eventually(
        async () => {
          const found = await deliveries('--status', status)
          return found.length === count && found
        },
        { what: `${count} deliveries that are ${status}` },
      ),
  }
}

/** The events of one type, as `fsmtp events` gives them. */
export const eventsOf = async ({ run }: Playground, type: string): Promise<readonly StoredEvent[]> => {
  const said = await run('events', '--type', type, '--json')
  assert.equal(said.code, 0, said.stderr)
  return objects(said) as StoredEvent[]
}
