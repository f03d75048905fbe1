/** How long things are kept. */
import * as z from 'zod'
import { optional, setting } from './notes.ts'
import { keepingTime } from './values.ts'

export const retention = setting(
  z.strictObject({
    sessions: setting(keepingTime, {
      about:
        'Histories of sessions without mail, counted from their end. One that brought mail is part of that mail’s history and stays.',
      byDefault: 'forever',
      example: '90d',
    }),
    refusedSessions: optional(keepingTime, {
      about:
        'The same for sessions in which something was refused, and nothing accepted. If left out: as `sessions`.',
      example: '30d',
    }),
    content: setting(keepingTime, {
      about:
        'Bodies of messages, counted from when they were accepted. One that is still on its way, or of which somebody is still to be told, stays until that is over.',
      byDefault: 'forever',
    }),
  }),
  {
    about: 'How long things are kept: a duration, or forever. What is forgotten is gone for good.',
    byDefault: {},
  },
)
