/** Which methods a path takes, for whoever asks with another one. */

type Served = { readonly path: RegExp; readonly methods: Set<string> }

export class Methods {
  readonly #served = new Map<string, Served>()

  /** `url` as the router has it: `/messages/:id`, `/mail/*`. */
  add(url: string, methods: readonly string[]): void {
    const known = this.#served.get(url) ?? { path: patternOf(url), methods: new Set() }
    for (const method of methods) known.methods.add(method)
    this.#served.set(url, known)
  }

  /** By name; none where nothing is there. */
  of(path: string): readonly string[] {
    const found = [...this.#served.values()].filter((served) => served.path.test(path))
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted()
  }
}

const patternOf = (url: string): RegExp => {
  const pieces = url
    .split('/')
    .map((piece) =>
      piece.startsWith(':') ? '[^/]+' : piece === '*' ? '.*' : piece.replace(/[^\w-]/g, '\\$&'),
    )
  return new RegExp(`^${pieces.join('/')}$`)
}
