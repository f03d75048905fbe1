/**
 * What the suites here run against: the stand-in, or the real server that KURRENTDB_URL names. Nothing may be assumed to be
 * empty there, so every test has stream names of its own.
 */
import type { TestContext } from 'node:test'
import { KurrentDBClient, UnavailableError } from '@kurrent/kurrentdb-client'
import { eventually } from '../eventually.ts'
import { type KurrentStandIn, type StandInOptions, startKurrentStandIn } from './stand-in.ts'

export const realServer = process.env.KURRENTDB_URL

/** For tests that a real server cannot be made to take part in: skipped there, by name. */
export const standInOnly = {
  skip: realServer === undefined ? false : 'needs the stand-in: a real server does not fail on demand',
} as const

/** A client of the target, and gone with the test. */
export const connect = (context: TestContext, url: string): KurrentDBClient => {
  const client = KurrentDBClient.connectionString(url)
  context.after(() => client.dispose())
  return client
}

/**
 * Does something again for as long as the connection is gone. After a server was down the first calls of any client in this
 * process may still meet the dead connection: they share it.
 */
export const onceUp = <Value>(act: () => Promise<Value>): Promise<Value> =>
  eventually(
    () =>
      act().catch((error: unknown) => {
        if (isUnavailable(error)) return undefined
        throw error
      }),
    { what: 'the server to be reached again' },
  )

/** Sometimes the client makes a typed error of it, sometimes it is gRPC's own. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof UnavailableError || (error instanceof Error && 'code' in error && error.code === 14)

export type Target = { readonly url: string; readonly client: KurrentDBClient }

/** The real server if there is one, or else a stand-in that ends with the test. */
export const target = async (context: TestContext): Promise<Target> => {
  const url = realServer ?? (await standIn(context)).url
  return { url, client: connect(context, url) }
}

export const standIn = async (
  context: TestContext,
  options: StandInOptions = {},
): Promise<KurrentStandIn> => {
  const started = await startKurrentStandIn(options)
  context.after(() => started.close())
  return started
}

const run = `${Date.now().toString(36)}${process.pid.toString(36)}`
let last = 0
/** A category nobody has used yet: `suite_<run>_<n>`. */
export const freshCategory = (): string => `suite_${run}_${++last}`
/** A stream nobody has written to yet. */
export const freshStream = (): string => `${freshCategory()}-1`
