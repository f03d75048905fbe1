/**
 * Replies leave together: everything that was read in one turn of the loop is dealt with first, then all answers are written,
 * one connection after the other. A client process that serves many connections is then woken once for all of them; waking
 * an idle processor is what a write costs most.
 */
export interface Voice {
  speak(): void
}

let voices: Voice[] = []

const speakAll = (): void => {
  const speaking = voices
  voices = []
  for (const voice of speaking) voice.speak()
}

/** `voice` speaks at the end of this turn. Whoever asks twice speaks twice. */
export const speakSoon = (voice: Voice): void => {
  voices.push(voice)
  if (voices.length === 1) setImmediate(speakAll)
}
