/** The content store with its failures counted. What is written passes through as it is. */
import type { ContentStore, ContentWriter } from '../content/port.ts'
import type { Tally } from './tally.ts'

export const watchedContent = (store: ContentStore, failures: Tally): ContentStore => {
  const note = (error: unknown): never => {
    failures.add(error instanceof Error ? error.name : 'unknown')
    throw error
  }
  return {
    read: (id) => store.read(id).catch(note),
    stream: (id) => store.stream(id).catch(note),
    begin: (id) => store.begin(id).then((writer) => watchedWriter(writer, note), note),
    remove: (id) => store.remove(id).catch(note),
    verify: (id, expected) => store.verify(id, expected).catch(note),
    check: (signal) => store.check(signal),
    get swept() {
      return store.swept
    },
    close: () => store.close(),
  }
}

/** A writer that has failed fails at every step from there: that is one failure. */
const watchedWriter = (writer: ContentWriter, note: (error: unknown) => never): ContentWriter => {
  let hasFailed = false
  const once = (error: unknown): never => {
    if (hasFailed) throw error
    hasFailed = true
    return note(error)
  }
  return {
    write: (chunk) => {
      try {
        return writer.write(chunk)?.catch(once)
      } catch (error) {
        return once(error)
      }
    },
    finish: () => writer.finish().catch(once),
    discard: () => writer.discard(),
  }
}
