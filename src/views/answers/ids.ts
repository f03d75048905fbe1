/** Completing ids. */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'

/** Questions with `:part`: the id itself, a few that start with it, a few that end with it. */
export type IdQuestions = { readonly exact: string; readonly starting: string; readonly ending: string }

/** The id itself when there is such a one, otherwise up to three of each sort. Ids are lower case. */
export const idsLike = (db: DatabaseSync, questions: IdQuestions, typed: string): readonly string[] => {
  const part = typed.toLowerCase()
  if (part === '') return []
  const ids = (question: string): string[] =>
    allRows<{ id: string }>(db, question, { part }).map(({ id }) => id)
  const itself = ids(questions.exact)
  return itself.length > 0 ? itself : [...new Set([...ids(questions.starting), ...ids(questions.ending)])]
}
