/**
 * One client's conversation with us (RFC 5321 §3, §4). States stand in the order of the dialogue; what is said out of
 * turn is one rule at the root. Every transition records one fact and names what to do about it; nothing is done here.
 */
import { setup } from 'xstate'
import type { Emitted } from '../vocabulary/machine.ts'
import { actions } from './actions.ts'
import { initialContext, type SessionContext } from './context.ts'
import { guards } from './guards.ts'
import type { SessionInput } from './inputs.ts'
import type { SessionPolicy } from './policy.ts'

const tooManyIdleCommands = {
  guard: 'idleCommandsExhausted',
  target: 'closed',
  actions: ['recordTooManyIdleCommands', 'replyTooManyIdleCommands', 'close'],
} as const

/** EHLO and HELO are possible wherever a command is, and end a transaction like RSET (RFC 5321 §4.1.4). */
const hello = {
  EHLO: [
    tooManyIdleCommands,
    {
      target: 'identified',
      actions: ['rememberExtendedHello', 'recordClientIdentified', 'replyExtendedHello'],
    },
  ],
  HELO: [
    tooManyIdleCommands,
    { target: 'identified', actions: ['rememberHello', 'recordClientIdentified', 'replyHello'] },
  ],
} as const

const reset = [
  tooManyIdleCommands,
  { target: 'identified', actions: ['forgetTransaction', 'recordTransactionReset', 'replyReset'] },
] as const

/** There is no transaction to take back. */
const resetNothing = [
  tooManyIdleCommands,
  { actions: ['countIdleCommand', 'recordTransactionReset', 'replyReset'] },
] as const

const contextOf = ({ input }: { readonly input: { readonly policy: SessionPolicy } }) =>
  initialContext(input.policy)

const tooManyErrors = {
  target: 'closed',
  actions: ['recordTooManyErrors', 'replyTooManyErrors', 'close'],
} as const

const startTls = [
  { guard: 'tlsRefusedOnceTooOften', ...tooManyErrors },
  { guard: 'tlsRefused', actions: ['countError', 'recordTlsRefused', 'replyTlsRefused'] },
  { target: 'securing', actions: ['recordTlsRequested', 'replyReadyForTls', 'startTls'] },
] as const

const rename = [
  { guard: 'renameRefusedOnceTooOften', ...tooManyErrors },
  { guard: 'renameRefused', actions: ['countError', 'recordRenameRefused', 'replyRenameRefused'] },
  { target: 'greeted', actions: ['rememberRename', 'recordClientRenamed', 'replyGreeting'] },
] as const

const answered = [
  { ...tooManyIdleCommands, target: '.closed' },
  { actions: ['countIdleCommand', 'recordCommandAnswered', 'replyAnswer'] },
] as const

const misunderstood = [
  { guard: 'errorsExhausted', ...tooManyErrors, target: '.closed' },
  { actions: ['countError', 'recordFault', 'replyFault'] },
] as const

const recipient = [
  { guard: 'recipientDropsLine', target: 'closed', actions: ['recordMagicDrop', 'dropLine'] },
  { guard: 'recipientRefusedOnceTooOften', ...tooManyErrors },
  { guard: 'recipientRefused', actions: ['countError', 'recordRecipientRefused', 'replyRecipientRefused'] },
  { target: 'addressed', actions: ['recordRecipientAccepted', 'replyRecipientOk', 'rememberRecipient'] },
] as const

/** RFC 5321 §4.5.3.1.10: those accepted before the limit are kept, whatever comes after. */
const furtherRecipient = [
  {
    guard: 'recipientOverTheLimit',
    actions: ['countOvershoot', 'recordRecipientRefused', 'replyRecipientRefused'],
  },
  ...recipient,
] as const

export const sessionMachine = setup({
  types: {} as {
    context: SessionContext
    events: SessionInput
    emitted: Emitted
    input: { readonly policy: SessionPolicy }
  },
  actions,
  guards,
}).createMachine({
  id: 'session',
  context: contextOf,
  initial: 'arriving',
  states: {
    arriving: {
      description: 'A connection came and has not been greeted. If the line drops here, nobody ever spoke.',
      on: {
        OPEN: [
          {
            guard: 'doorSilent',
            target: 'closed',
            actions: ['rememberOpening', 'recordSessionOpened', 'dropLine'],
          },
          {
            guard: 'doorClosed',
            target: 'closed',
            actions: ['rememberOpening', 'recordSessionOpened', 'replyDoorClosed', 'close'],
          },
          { target: 'greeted', actions: ['rememberOpening', 'recordSessionOpened', 'replyGreeting'] },
        ],
      },
    },
    greeted: {
      description:
        'We said 220 and wait for the client to say who it is. If the line drops here, nothing was tried.',
      on: {
        ...hello,
        STARTTLS: startTls,
        RSET: resetNothing,
        XCLIENT: rename,
      },
    },
    identified: {
      description:
        'The client said who it is; no transaction is open. If the line drops here, no mail is affected.',
      on: {
        ...hello,
        STARTTLS: startTls,
        AUTH: [
          { guard: 'loginRefusedOnceTooOften', ...tooManyErrors },
          { guard: 'loginRefused', actions: ['countError', 'recordLoginRefused', 'replyLoginRefused'] },
          {
            target: 'authenticating',
            actions: ['rememberMechanism', 'recordAuthenticationStarted', 'collectCredentials'],
          },
        ],
        MAIL: [
          {
            guard: 'messagesExhausted',
            target: 'closed',
            actions: ['recordTooManyMessages', 'replyTooManyMessages', 'close'],
          },
          // Refused content is answered for what it was; the next transaction is one too many.
          { guard: 'errorsSpent', ...tooManyErrors },
          { guard: 'senderRefusedOnceTooOften', ...tooManyErrors },
          { guard: 'senderRefused', actions: ['countError', 'recordSenderRefused', 'replySenderRefused'] },
          { target: 'addressing', actions: ['rememberSender', 'recordSenderAccepted', 'replySenderOk'] },
        ],
        RSET: resetNothing,
        XCLIENT: rename,
      },
    },
    securing: {
      description:
        'The TLS handshake is under way. If the line drops here, what was said in clear is forgotten with it.',
      on: {
        SECURED: { target: 'greeted', actions: ['rememberTls', 'recordTlsStarted'] },
        SECURING_FAILED: { target: 'closed', actions: ['recordTlsFailed', 'dropLine'] },
      },
    },
    authenticating: {
      description:
        'Credentials are being exchanged and checked. If the line drops here, nobody is logged in.',
      on: {
        CREDENTIALS: [
          {
            guard: 'credentialsOk',
            target: 'identified',
            actions: ['recordClientAuthenticated', 'rememberUser', 'replyLoggedIn'],
          },
          {
            guard: 'loginsExhausted',
            target: 'closed',
            actions: ['recordTooManyLoginFailures', 'replyTooManyLoginFailures', 'close'],
          },
          {
            target: 'identified',
            actions: ['recordAuthenticationFailed', 'countLoginFailure', 'replyAuthenticationFailed'],
          },
        ],
      },
    },
    addressing: {
      description:
        'A sender is accepted, no recipient yet. If the line drops here, the transaction never was.',
      on: {
        ...hello,
        EXAMINED: { actions: ['rememberFindings', 'recordClientExamined'] },
        RCPT: recipient,
        RSET: reset,
      },
    },
    addressed: {
      description:
        'At least one recipient is accepted. If the line drops here, the client still has the mail.',
      on: {
        ...hello,
        RCPT: furtherRecipient,
        DATA: {
          target: 'receiving',
          actions: ['recordContentStarted', 'replySendContent', 'receiveContent'],
        },
        RSET: reset,
      },
    },
    receiving: {
      description:
        'The content is coming in. If the line drops before our 250, the client still has the mail and sends it again.',
      on: {
        CONTENT: [
          {
            guard: 'contentRefused',
            target: 'identified',
            actions: ['recordMessageRefused', 'replyContentRefused', 'forgetRefusedTransaction'],
          },
          {
            target: 'identified',
            actions: ['recordMessageAccepted', 'replyStored', 'forgetAcceptedTransaction'],
          },
        ],
        TIMEOUT: { target: 'closed', actions: ['recordTimeoutInContent', 'replyTimeout', 'close'] },
        DISCONNECTED: { target: 'closed', actions: ['recordDisconnectedInContent'] },
        CUT_OFF: { target: 'closed', actions: ['recordCutOffInContent'] },
        SHUTDOWN: { target: 'closed', actions: ['recordShutdownInContent', 'replyShutdown', 'close'] },
        CONTENT_LOST: {
          target: 'identified',
          actions: ['recordMessageLost', 'replyContentLost', 'forgetRefusedTransaction'],
        },
      },
    },
    closed: {
      description: 'The session is over.',
      type: 'final',
    },
  },
  on: {
    NOOP: answered,
    VRFY: answered,
    EXPN: answered,
    HELP: answered,
    QUIT: { target: '.closed', actions: ['recordQuit', 'replyGoodbye', 'close'] },
    MALFORMED: misunderstood,
    UNKNOWN: misunderstood,
    HTTP: { target: '.closed', actions: ['recordNotSmtp', 'replyNotSmtp', 'close'] },
    ENDLESS_LINE: { target: '.closed', actions: ['recordEndlessLine', 'replyEndlessLine', 'close'] },
    TIMEOUT: { target: '.closed', actions: ['recordTimeout', 'replyTimeout', 'close'] },
    DISCONNECTED: { target: '.closed', actions: ['recordDisconnected'] },
    CUT_OFF: { target: '.closed', actions: ['recordCutOff'] },
    SHUTDOWN: { target: '.closed', actions: ['recordShutdown', 'replyShutdown', 'close'] },
    // RFC 5321 §4.1.4: what is said out of turn gets 503, whatever it is.
    '*': [
      { guard: 'errorsExhausted', ...tooManyErrors, target: '.closed' },
      { actions: ['countError', 'recordOutOfOrder', 'replyOutOfOrder'] },
    ],
  },
})
