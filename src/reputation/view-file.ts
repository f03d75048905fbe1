/** The views as a running server asks them again and again: questions prepared once, and anew where the file was replaced. */
import { statSync } from 'node:fs'
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { viewsFile } from '../views/database.ts'

type Opened<Name extends string> = {
  readonly db: DatabaseSync
  readonly inode: number
  readonly questions: Readonly<Record<Name, StatementSync>>
}

/** Milliseconds to wait for a file that is locked. */
const patience = 50

export class ViewFile<Name extends string> {
  readonly #file: string
  readonly #questions: Readonly<Record<Name, string>>
  #opened: Opened<Name> | null = null

  /** `questions` by name, as SQL. Opens nothing yet. */
  constructor(directory: string, questions: Readonly<Record<Name, string>>) {
    this.#file = viewsFile(directory)
    this.#questions = questions
  }

  get isOpen(): boolean {
    return this.#opened !== null
  }

  /** Opens the file where it is not open, or is another by now. @throws where it, or a view, is not there */
  open(): void {
    const { ino: inode } = statSync(this.#file)
    if (this.#opened?.inode === inode) return
    this.close()
    const db = new DatabaseSync(this.#file, { readOnly: true, timeout: patience })
    try {
      const prepared = Object.entries<string>(this.#questions).map(([name, sql]) => [name, db.prepare(sql)])
      const questions = Object.fromEntries(prepared) as Record<Name, StatementSync>
      this.#opened = { db, inode, questions }
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** @throws where it is not open, or cannot be read */
  ask<Row extends Record<string, SQLOutputValue>>(name: Name, values: Record<string, string | number>) {
    if (this.#opened === null) throw new Error('the views are not open')
    return this.#opened.questions[name].all(values) as Row[]
  }

  close(): void {
    const opened = this.#opened
    this.#opened = null
    if (opened?.db.isOpen) opened.db.close()
  }
}
