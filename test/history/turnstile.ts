/** A small real machine for tests of replay and drawing: a turnstile that takes coins, and can be switched off. */
import { and, assign, emit, not, setup } from 'xstate'
import { fingerprint } from '../../machines/drawing/index.ts'
import type { Emitted, MachineModule } from '../../machines/vocabulary/machine.ts'

export type TurnstilePolicy = { readonly price: number }
type Context = { readonly policy: TurnstilePolicy; readonly coins: number; readonly passed: number }
type Input =
  | { readonly type: 'INSTALL'; readonly policy: string }
  | { readonly type: 'COIN'; readonly value: number }
  | { readonly type: 'PUSH' }
  | { readonly type: 'SWITCH_OFF'; readonly by: string }

const reply = (code: number, text: string): Emitted => ({
  type: 'effect',
  name: 'reply',
  code,
  enhanced: '',
  lines: [text],
})
const fact = (name: string, data: object): Emitted => ({ type: 'fact', name, data })
const coinOf = (event: Input): number => (event.type === 'COIN' ? event.value : 0)

const definition = {
  id: 'turnstile',
  initial: 'packed',
  states: {
    packed: {
      description: 'Still in its box.',
      on: { INSTALL: { target: 'standing', actions: ['recordInstalled', 'replyReady'] } },
    },
    standing: {
      description: 'Set up & waiting for "coins".',
      initial: 'locked',
      states: {
        locked: {
          description: 'The arm does not move; < one price has been paid.',
          on: {
            COIN: [
              { guard: 'enough', target: 'unlocked', actions: ['addCoin', 'recordCoin', 'replyOpen'] },
              { actions: ['addCoin', 'recordCoin', 'replyMore'] },
            ],
            PUSH: { actions: ['recordPushRefused', 'replyPay'] },
          },
        },
        unlocked: {
          description: 'One person may pass.',
          on: { PUSH: { target: 'locked', actions: ['countPassed', 'recordPassed', 'replyBye', 'ring'] } },
        },
      },
    },
    off: { description: 'Switched off for good.', type: 'final' },
  },
  on: {
    SWITCH_OFF: { target: '.off', actions: ['recordSwitchedOff'] },
    '*': { actions: ['recordIgnored'] },
  },
} as const

export const turnstileMachine = setup({
  types: {} as {
    context: Context
    events: Input
    emitted: Emitted
    input: { readonly policy: TurnstilePolicy }
  },
  guards: {
    enough: ({ context, event }) => context.coins + coinOf(event) >= context.policy.price,
    free: ({ context }) => context.policy.price === 0,
  },
  actions: {
    addCoin: assign({ coins: ({ context, event }) => context.coins + coinOf(event) }),
    countPassed: assign({ passed: ({ context }) => context.passed + 1, coins: 0 }),
    recordInstalled: emit(({ event }) =>
      fact('TurnstileInstalled', { policy: event.type === 'INSTALL' ? event.policy : '' }),
    ),
    recordCoin: emit(({ context, event }) => {
      if (coinOf(event) < 0) throw new Error('a coin of negative value')
      return fact('CoinTaken', { value: coinOf(event), total: context.coins })
    }),
    recordPushRefused: emit(fact('PushRefused', { reason: 'not-paid' })),
    recordPassed: emit(({ context }) => fact('PersonPassed', { passed: context.passed })),
    recordSwitchedOff: emit(({ event }) =>
      fact('SwitchedOff', { by: event.type === 'SWITCH_OFF' ? event.by : '' }),
    ),
    recordIgnored: emit(fact('Ignored', {})),
    replyReady: emit(reply(220, 'ready')),
    replyOpen: emit(reply(250, 'pass')),
    replyMore: emit(reply(350, 'more')),
    replyPay: emit(reply(503, 'pay first')),
    replyBye: emit(reply(250, 'bye')),
    ring: emit({ type: 'effect', name: 'ring' }),
  },
}).createMachine({ ...definition, context: ({ input }) => ({ policy: input.policy, coins: 0, passed: 0 }) })

export const turnstile: MachineModule = {
  name: 'turnstile',
  category: 'turnstile',
  version: 1,
  fingerprint: fingerprint(turnstileMachine),
  machine: turnstileMachine,
  barriers: new Set(['PersonPassed']),
  inputs: { INSTALL: ['policy'], COIN: ['value'], PUSH: [], SWITCH_OFF: ['by'] },
}

/** The same machine with other guards or descriptions, for fingerprints. */
const bare = setup({
  types: {} as { context: object; events: { type: 'GO' } },
  guards: { ready: () => true, willing: () => true },
  actions: { move: () => {} },
})
export const described = (description: string) =>
  bare.createMachine({
    id: 'one',
    context: {},
    initial: 'a',
    states: {
      a: { description, on: { GO: { guard: 'ready', target: 'b', actions: 'move' } } },
      b: { description },
    },
  })
export const guarded = bare.createMachine({
  id: 'one',
  context: {},
  initial: 'a',
  states: {
    a: { on: { GO: { guard: and(['ready', not('willing')]), target: 'b', actions: 'move' } } },
    b: {},
  },
})
export const unnamed = bare.createMachine({
  id: 'one',
  context: {},
  initial: 'a',
  states: { a: { on: { GO: { target: 'b', actions: () => {} } } }, b: {} },
})
