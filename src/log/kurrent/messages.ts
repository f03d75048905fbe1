/** The protocol's messages, as the client's package carries them. */
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js'
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js'
import duration from 'google-protobuf/google/protobuf/duration_pb.js'
import empty from 'google-protobuf/google/protobuf/empty_pb.js'

export type * as Shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js'
export { StreamsClient } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js'
export type * as Streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js'
export { duration, empty, shared, streams }

/** Ids travel as text or as two halves of 64 bits. */
export const idText = (id: shared.UUID | undefined): string => {
  const halves = id?.getStructured()
  if (halves === undefined) return id?.getString() ?? ''
  const hex = (half: string): string => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0')
  const text = hex(halves.getMostSignificantBits()) + hex(halves.getLeastSignificantBits())
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
