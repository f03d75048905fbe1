/**
 * Sections of the configuration whose work is not in this release. What would change how mail is judged or kept is
 * refused, so that nobody relies on it.
 */
import * as z from 'zod'
import { form, optional, setting } from './notes.ts'
import { keepingTime, notYet } from './values.ts'

export const policy = optional(
  notYet(
    'a path, or the rules themselves',
    'rules about DNSBL, SPF, DKIM, DMARC, rates, allow and block are not in this release yet; remove this section',
  ),
  {
    about: 'Rules that say how facts about a client become verdicts. Not in this release: refused.',
    example: './policy.yaml',
  },
)

export const webhooks = optional(
  notYet('a list of hooks', 'webhooks are not in this release yet; remove this section'),
  {
    about: 'URLs that are told about events. Not in this release: refused.',
    example: [{ url: 'http://127.0.0.1:9000/hook', events: ['Delivered', 'Failed'], secretFile: 'hook.key' }],
  },
)

const forever = form(
  keepingTime.transform((given, context): null => {
    if (given === null) return null
    context.addIssue({
      code: 'custom',
      message: 'removing old history is not in this release yet; only forever is possible',
    })
    return z.NEVER
  }),
  'forever (a duration: not in this release)',
)

export const retention = setting(
  z.strictObject({
    sessions: setting(forever, { about: 'Histories of sessions.', byDefault: 'forever' }),
    refusedSessions: setting(forever, {
      about: 'Histories of sessions that brought no mail.',
      byDefault: 'forever',
    }),
    content: setting(forever, { about: 'Messages.', byDefault: 'forever' }),
  }),
  { about: 'How long things are kept. In this release everything is kept.', byDefault: {} },
)
