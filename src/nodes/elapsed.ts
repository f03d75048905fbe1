/**
 * Time that passes, also while the machine is suspended. Node's own clock stands still then, and a server that wakes would
 * believe that its lease has hardly begun; the system's time since its start goes on (Linux: CLOCK_BOOTTIME, `/proc/uptime`).
 */
import { uptime } from 'node:os'

export type Clocks = {
  /** Milliseconds; stands still while the machine is suspended. */
  readonly own: () => number
  /** Milliseconds since the system began, in which it was suspended, too. May be coarse. @throws where there is none */
  readonly system: () => number
}

/** Milliseconds by which the clocks differ for other reasons: one is coarse, and they are not read at the same moment. */
const grain = 2_000
/** Milliseconds of our own clock between two looks at the system's, which take much longer. */
const between = 10

const clocks: Clocks = { own: () => performance.now(), system: () => uptime() * 1000 }

/** Milliseconds from any beginning, never going back, whatever is done to the system's clock. */
export const elapsedBy = ({ own, system }: Clocks = clocks): (() => number) => {
  let slept = 0
  let lookedAt = Number.NEGATIVE_INFINITY
  let ahead: number | null = null
  const look = (now: number): void => {
    lookedAt = now
    try {
      const found = system() - now
      ahead ??= found
      if (found - ahead - slept > grain) slept = found - ahead
    } catch {
      // Then there is our own clock, as there is everywhere.
    }
  }
  look(own())
  return () => {
    const now = own()
    if (now - lookedAt >= between) look(now)
    return now + slept
  }
}
