/**
 * Where recorded actors of one machine, under one policy, are lived again: XState's own transition function with a scope that
 * gathers what is emitted, instead of an actor with its mailbox and observers for each. The states, contexts and emissions
 * are the same (`test/history` holds them against live actors).
 */
import { type AnyActorLogic, type AnyActorScope, type AnyMachineSnapshot, createActor } from 'xstate'
import { logicOf } from '../../machines/plain.ts'
import type { EffectEmitted, Emitted, FactEmitted, MachineModule } from '../../machines/vocabulary/machine.ts'

export type Performed = {
  readonly snapshot: AnyMachineSnapshot
  readonly facts: readonly FactEmitted[]
  readonly effects: readonly EffectEmitted[]
}

export class Stage {
  readonly module: MachineModule
  readonly #logic: AnyActorLogic
  readonly #scope: AnyActorScope
  /** Where every actor of the machine begins under this policy. */
  readonly initial: AnyMachineSnapshot
  #facts: FactEmitted[] = []
  #effects: EffectEmitted[] = []

  constructor(module: MachineModule, policy: unknown) {
    this.module = module
    this.#logic = logicOf(module.machine)
    const self = createActor(this.#logic, { input: { policy } })
    this.#scope = {
      self,
      id: self.id,
      sessionId: self.sessionId,
      system: self.system,
      logger: () => {},
      defer: (work) => work(),
      emit: (emitted) => this.#gather(emitted as Emitted),
      stopChild: () => {},
      actionExecutor: ({ exec, info, params }) => exec?.(info, params),
    }
    this.initial = this.#logic.getInitialSnapshot(this.#scope, { policy })
  }

  /** @throws whatever a guard or an action of the machine throws */
  move(snapshot: AnyMachineSnapshot, input: { readonly type: string }): Performed {
    this.#facts = []
    this.#effects = []
    const next: AnyMachineSnapshot = this.#logic.transition(snapshot, input, this.#scope)
    return { snapshot: next, facts: this.#facts, effects: this.#effects }
  }

  #gather(emitted: Emitted): void {
    if (emitted.type === 'fact') this.#facts.push(emitted)
    else this.#effects.push(emitted)
  }
}
