/** The kinds of event that a machine makes, each made once, and found by what is particular to a transition. */
import type { Emitted, MachineModule } from '../../machines/vocabulary/machine.ts'
import { type EventKind, kindOf } from '../log/port.ts'

export class KindCache {
  readonly #kinds = new Map<string, EventKind>()
  readonly #constant: Readonly<Record<string, string>>

  constructor(module: MachineModule, node: string) {
    this.#constant = {
      machine: module.name,
      machineVersion: String(module.version),
      fingerprint: module.fingerprint,
      node,
    }
  }

  kind(input: string, from: string, to: string, fact: string, emitted: readonly Emitted[]): EventKind {
    let effects = ''
    for (const one of emitted)
      if (one.type === 'effect') effects += effects === '' ? one.name : ` ${one.name}`
    const key = `${input}|${from}|${to}|${fact}|${effects}`
    const known = this.#kinds.get(key)
    if (known) return known
    const kind = kindOf(fact, 1, { ...this.#constant, input, from, to, effects })
    this.#kinds.set(key, kind)
    return kind
  }
}

const caches = new WeakMap<MachineModule, Map<string, KindCache>>()
export const kindCacheOf = (module: MachineModule, node: string): KindCache => {
  const ofModule = caches.get(module) ?? new Map<string, KindCache>()
  caches.set(module, ofModule)
  const cache = ofModule.get(node) ?? new KindCache(module, node)
  ofModule.set(node, cache)
  return cache
}
