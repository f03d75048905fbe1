/** One row of the API: what is asked, who may ask, what is answered. Routes and the description are both made of these rows. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { House } from '../house.ts'
import type { Role } from '../login/caller.ts'
import type { Rooms } from './rooms.ts'

/** An answer is a shape, or bytes of one or several types. */
export type Answers = {
  readonly about: string
  readonly shape?: z.ZodType
  /** Content types, where it is no JSON; with what they are. */
  readonly media?: Readonly<Record<string, string>>
}

type Fields = Readonly<Record<string, z.ZodType>>
export type Object<Shape extends Fields> = { -readonly [Key in keyof Shape]: z.output<Shape[Key]> }

/** What came, read and found to be as it should. */
export type Came<Params extends Fields, Query extends Fields, Body extends z.ZodType> = {
  readonly params: Object<Params>
  readonly query: Object<Query>
  readonly body: z.output<Body>
  readonly rooms: Rooms
  readonly house: House
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export type Row<
  Params extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends z.ZodType = z.ZodType,
> = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below /api/v1, with parameters in braces. */
  readonly path: string
  readonly name: string
  /** A line of a list: what it does, in a few words that no other row has. */
  readonly summary: string
  /** All of it. */
  readonly about: string
  readonly tag: string
  readonly role: Role
  /** Whoever asks gets it, and `role` is not asked for. */
  readonly access?: 'anybody'
  readonly params?: Params
  readonly query?: Query
  readonly headers?: Fields
  readonly body?: Body
  /** Other types a body may have: with what they are. Those are given as they came, a Buffer. */
  readonly raw?: Readonly<Record<string, string>>
  /** Bytes of a body; 64 KiB where nothing is said. */
  readonly bodyLimit?: number
  /** By status. */
  readonly answers: Readonly<Record<number, Answers>>
  /** Beside those that any request can get. */
  readonly problems?: Readonly<Record<number, string>>
  readonly answer: (came: Came<Params, Query, Body>) => unknown
}

/** A row, whatever its fields are called. */
export type Endpoint = Omit<Row, 'answer'> & {
  readonly answer: (came: Came<Fields, Fields, z.ZodType>) => unknown
}

/** Keeps what a row's own fields are for its `answer`. */
export const endpoint = <
  Params extends Fields = Record<never, never>,
  Query extends Fields = Record<never, never>,
  Body extends z.ZodType = z.ZodUndefined,
>(
  row: Row<Params, Query, Body>,
): Endpoint => row as Endpoint
