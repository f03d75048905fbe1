/** ELK, which finds places for boxes and lines (https://eclipse.dev/elk/). */

import elkModule from 'elkjs/lib/elk.bundled.js'
import type { ELK } from 'elkjs/lib/elk-api.js'

/** The bundled build is CommonJS whose `default` is the class; Node and the type checker see its wrapping differently. */
export const newElk = (): ELK => {
  const loaded: unknown = elkModule
  const made = typeof loaded === 'function' ? loaded : (loaded as { default: unknown }).default
  return new (made as new () => ELK)()
}
