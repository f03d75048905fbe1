/** What a node says of itself: what it can do, and who else is there. */
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import type { Call, Host } from './host.ts'
import { type Features, features, type Gossip, gossip, type Shared, shared } from './messages.ts'

export type Member = {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly alive: boolean
  readonly leads: boolean
}

/** The methods of a server, with the features the client asks for. Single appends only, without `batchAppend`. */
const methods = (batchAppend: boolean): readonly (readonly [name: string, ...features: string[]])[] => [
  ['read', 'position', 'events'],
  ['append'],
  ['delete'],
  ['tombstone'],
  ...(batchAppend ? ([['batchappend', 'deadline_duration']] as const) : []),
]

export const supportedMethods = (version: string, batchAppend: boolean): Features.SupportedMethods =>
  new features.SupportedMethods()
    .setEventStoreServerVersion(version)
    .setMethodsList(
      methods(batchAppend).map(([name, ...more]) =>
        new features.SupportedMethod()
          .setServiceName('event_store.client.streams.streams')
          .setMethodName(name)
          .setFeaturesList(more),
      ),
    )

type Unary<Answer> = (call: ServerUnaryCall<Shared.Empty, Answer>, reply: sendUnaryData<Answer>) => void

/** Both are open to everyone: a client asks before it has shown who it is. */
const open =
  <Answer>({ faults }: Host, answer: (call: Call) => Answer): Unary<Answer> =>
  (call, reply) => {
    if (!faults.silent) reply(null, answer(call))
  }

export const sayingFeatures = (host: Host, version: string, batchAppend: boolean) =>
  open(host, () => supportedMethods(version, batchAppend))

export const gossiping = (host: Host, members: () => readonly Member[]) =>
  open(host, () => new gossip.ClusterInfo().setMembersList(members().map(memberInfo)))

const memberInfo = ({ id, host, port, alive, leads }: Member): Gossip.MemberInfo =>
  new gossip.MemberInfo()
    .setInstanceId(new shared.UUID().setString(id))
    .setTimeStamp(String(Date.now() * 10_000))
    .setState(leads ? gossip.MemberInfo.VNodeState.LEADER : gossip.MemberInfo.VNodeState.FOLLOWER)
    .setIsAlive(alive)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port))
