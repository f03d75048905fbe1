/** What the session machine asks for, done on the connection. */
import { type EffectEmitted, isReply, type ReplyEffect } from '../../machines/vocabulary/machine.ts'
import { replyText } from '../../machines/vocabulary/reply.ts'
import type { Conversation } from './conversation.ts'

export const performEffect = (effect: EffectEmitted, talk: Conversation): void => {
  if (isReply(effect)) {
    reply(effect, talk)
    return
  }
  switch (effect.name) {
    case 'receiveContent':
      talk.intake.begin({ askAuthors: talk.login.loggedIn })
      return
    case 'collectCredentials':
      talk.login.begin(String(effect.mechanism))
      return
    case 'startTls':
      talk.startTls()
      return
    case 'close':
      talk.connection.close()
      return
    case 'dropLine':
      talk.connection._socket.destroy()
      return
    default:
      throw new Error(`nobody performs the effect ${effect.name}`)
  }
}

const reply = (effect: ReplyEffect, { speech, input }: Conversation): void => {
  const text = replyText(effect)
  if (!effect.delay) {
    speech.say(text)
    return
  }
  speech.flush()
  input.hold()
  setTimeout(() => {
    speech.say(text)
    input.release()
  }, effect.delay).unref()
}
