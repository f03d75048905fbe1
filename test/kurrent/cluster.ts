/** Several nodes over one log: one leads, the others say so to whoever asks for the leader, and all gossip about all. */
import { randomUUID } from 'node:crypto'
import { InMemoryLog } from './log.ts'
import type { Member } from './node-services.ts'
import { type KurrentStandIn, type StandInOptions, startKurrentStandIn } from './stand-in.ts'

export type KurrentCluster = {
  /** `kurrentdb://127.0.0.1:A,127.0.0.1:B,127.0.0.1:C?tls=false`: every node, the client asks around. */
  readonly url: string
  /** `kurrentdb+discover://127.0.0.1:A?tls=false`: one name, behind which the client asks for the others. */
  readonly discoverUrl: string
  readonly nodes: readonly KurrentStandIn[]
  leader(): KurrentStandIn
  /** Another node leads from now on. What was said to the old leader fails with who the new one is. */
  elect(node: KurrentStandIn): void
  close(): Promise<void>
}

export const startKurrentCluster = async ({
  size = 3,
  ...options
}: Omit<StandInOptions, 'log' | 'members' | 'users' | 'tls'> & {
  readonly size?: number
} = {}): Promise<KurrentCluster> => {
  const log = new InMemoryLog()
  const nodes: KurrentStandIn[] = []
  const ids: string[] = []
  let leading = 0
  const members = (): readonly Member[] =>
    nodes.map((node, n) => ({
      id: ids[n] ?? '',
      host: node.host,
      port: node.port,
      alive: node.isUp,
      leads: n === leading,
    }))
  for (let n = 0; n < size; n++) {
    ids.push(randomUUID())
    nodes.push(await startKurrentStandIn({ ...options, log, members }))
  }
  const leader = (): KurrentStandIn => nodes[leading] as KurrentStandIn
  const elect = (node: KurrentStandIn): void => {
    leading = nodes.indexOf(node)
    for (const [n, { faults }] of nodes.entries()) {
      faults.notLeader = n === leading ? undefined : { host: node.host, port: node.port, all: true }
    }
  }
  elect(leader())
  return {
    url: `kurrentdb://${nodes.map(({ host, port }) => `${host}:${port}`).join(',')}?tls=false&discoveryInterval=5`,
    discoverUrl: `kurrentdb+discover://127.0.0.1:${nodes[0]?.port}?tls=false&discoveryInterval=5`,
    nodes,
    leader,
    elect,
    close: async () => {
      for (const node of nodes) await node.close()
    },
  }
}
