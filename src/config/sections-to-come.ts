/**
 * Sections of the configuration whose work is not in this release. What would change how mail is judged or kept is
 * refused, so that nobody relies on it.
 */
import { optional } from './notes.ts'
import { notYet } from './values.ts'

export const webhooks = optional(
  notYet('a list of hooks', 'webhooks are not in this release yet; remove this section'),
  {
    about: 'URLs that are told about events. Not in this release: refused.',
    example: [{ url: 'http://127.0.0.1:9000/hook', events: ['Delivered', 'Failed'], secretFile: 'hook.key' }],
  },
)
