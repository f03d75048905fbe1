/** What the suites of content in a bucket run against: the stand-in, or the real endpoint that FSMTP_TEST_S3 names. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { type S3StandIn, type StandInOptions, startS3StandIn } from './stand-in.ts'

/** `s3://KEY:SECRET@bucket/prefix?endpoint=...`, a bucket that may be written to. */
export const realBucket = process.env.FSMTP_TEST_S3

/** The same bucket, under a prefix nobody has used yet. */
export const freshPrefix = (address: string): string => {
  const [place = '', query] = address.split(/\?(.*)/s)
  return `${place.replace(/\/$/, '')}/test-${randomUUID()}${query === undefined ? '' : `?${query}`}`
}

/** A stand-in that ends with the test. */
export const standIn = async (test: TestContext, options: StandInOptions = {}): Promise<S3StandIn> => {
  const started = await startS3StandIn(options)
  test.after(() => started.stop())
  return started
}

/** These variables, until the test is over; undefined: none. */
export const withEnvironment = (
  test: TestContext,
  wanted: Readonly<Record<string, string | undefined>>,
): void => {
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const)
  test.after(() => assign(before))
  assign(Object.entries(wanted))
}

const assign = (variables: readonly (readonly [string, string | undefined])[]): void => {
  for (const [name, value] of variables)
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
}
