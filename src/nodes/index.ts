/** This server among those that share its log; alone where the log is in its own data directory. */
import type { Config } from '../config/schema.ts'
import type { EventLog } from '../log/port.ts'
import { instanceOf } from './instance.ts'
import { join, type Membership, type MembershipOptions } from './membership.ts'
import { sole } from './sole.ts'

export { type Membership, NodeNameTaken } from './membership.ts'

type Joining = Pick<MembershipOptions, 'vacated' | 'ousted' | 'warn' | 'returnPaths'> & {
  readonly log: EventLog
}

/** What a server is called in what it records. */
export const nodeOf = ({ cluster, hostname }: Pick<Config, 'cluster' | 'hostname'>): string =>
  cluster.node ?? hostname

/** @throws NodeNameTaken; what the log throws */
export const joinServers = async (config: Config, joining: Joining): Promise<Membership> => {
  const node = nodeOf(config)
  if (config.log === 'sqlite') return sole(node)
  return join({ ...joining, node, instance: instanceOf(config.data), lease: config.cluster.lease })
}
