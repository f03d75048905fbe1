/** Counters and gauges that are read when somebody asks: of each its name, its labels, and where its numbers are. */
import { Counter, Gauge, type Registry } from 'prom-client'

type Labels = Readonly<Record<string, string>>
export type Reading = readonly [labels: Labels, value: number]

/** What was counted, by the values of the labels. */
export type Counts = {
  entries(): Iterable<readonly [values: readonly string[], count: number]>
}

export class Measures {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** `fsmtp_<name>_total`. */
  counter(name: string, help: string, labelNames: string[], counts: Counts): void {
    new Counter({
      name: `fsmtp_${name}_total`,
      ...{ help, labelNames, registers: [this.#registry] },
      collect() {
        this.reset()
        for (const [values, count] of counts.entries())
          this.inc(Object.fromEntries(labelNames.map((label, at) => [label, values[at] ?? ''])), count)
      },
    })
  }

  /** `fsmtp_<name>`. What cannot be read now is left out; the other figures are not to be lost with it. */
  gauge(
    name: string,
    help: string,
    labelNames: string[],
    read: () => readonly Reading[] | Promise<readonly Reading[]>,
  ): void {
    new Gauge({
      name: `fsmtp_${name}`,
      ...{ help, labelNames, registers: [this.#registry] },
      async collect() {
        const readings = await Promise.resolve()
          .then(read)
          .catch(() => [])
        this.reset()
        for (const [labels, value] of readings) this.set(labels, value)
      },
    })
  }
}
