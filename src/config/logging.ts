/** What is told on standard error beside what goes wrong. */
import * as z from 'zod'
import { setting } from './notes.ts'

export const logging = setting(
  z.strictObject({
    mail: setting(z.boolean(), {
      about:
        'A line of JSON for each mail accepted or refused, each refused recipient and failed login, each session and each attempt to deliver that ended, with the ids of session, message and delivery. They name senders and recipients.',
      byDefault: false,
    }),
  }),
  {
    about:
      'What standard error is told beside what goes wrong. The event log holds all of it in any case: `fsmtp sessions`, `fsmtp message ID`, `fsmtp delivery ID`.',
    byDefault: {},
  },
)
