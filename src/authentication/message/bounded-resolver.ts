/** Answers within a time, whatever the resolver does. */
import { type Answers, DnsFault, type RecordType, type Resolver } from '../../dns/port.ts'

/** It is known that there is nothing. */
export const isNothing = (error: unknown): boolean =>
  error instanceof DnsFault && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')

export class BoundedResolver implements Resolver {
  readonly #resolver: Resolver
  /** Of `performance.now()`: until then an answer counts. */
  until: number

  constructor(resolver: Resolver, until: number) {
    this.#resolver = resolver
    this.until = until
  }
  async resolve<Type extends RecordType>(name: string, type: Type): Promise<Answers[Type]> {
    const timeout = this.until - performance.now()
    const late = (): DnsFault => new DnsFault('ETIMEOUT', `${type} of ${name}`)
    if (timeout <= 0) throw late()
    let timer: NodeJS.Timeout | undefined
    const end = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late()), timeout)
    })
    try {
      return await Promise.race([this.#resolver.resolve(name, type, { timeout }), end])
    } finally {
      clearTimeout(timer)
    }
  }
}
