/** Passwords come from a prompt without echo, or from standard input; never from an argument, which others can see. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { generatePassword } from '../authentication/passwords.ts'
import { CommandFault } from './fault.ts'

/** Swallows what readline would echo. */
const silence = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/** No password of ours is longer; a file given by mistake is not read to its end. */
const longestLine = 4096

const promptFor = (prompt: string): Promise<string> =>
  new Promise((answered, failed) => {
    process.stderr.write(`${prompt}: `)
    const reader = createInterface({ input: process.stdin, output: silence(), terminal: true })
    const given = (line: string): void => {
      reader.off('close', cancelled)
      reader.close()
      process.stderr.write('\n')
      answered(line)
    }
    const cancelled = (): void => {
      process.stderr.write('\n')
      failed(new CommandFault('no password was given; nothing was changed'))
    }
    reader
      .once('line', given)
      .once('close', cancelled)
      .once('SIGINT', () => reader.close())
  })

const firstLine = async (): Promise<string> => {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.includes('\n') || text.length > longestLine) break
  }
  return text.split('\n', 1)[0]!.replace(/\r$/, '')
}

/** One password: asked for at a terminal, otherwise the first line of standard input. */
export const askPassword = (prompt: string): Promise<string> =>
  process.stdin.isTTY ? promptFor(prompt) : firstLine()

/** A password to be set: asked for twice at a terminal. */
export const askNewPassword = async (account: string): Promise<string> => {
  const password = await askPassword(`new password of ${account}`)
  if (!process.stdin.isTTY) return password
  if ((await askPassword('once more')) !== password)
    throw new CommandFault('the passwords are not the same; nothing was changed')
  return password
}

/** The password to set: generated when asked for, and then `shown` to whoever asked, once. */
export const chosenPassword = async (options: {
  readonly account: string
  readonly generate: boolean
}): Promise<{ readonly password: string; readonly shown: string | null }> => {
  if (!options.generate) return { password: await askNewPassword(options.account), shown: null }
  const password = generatePassword()
  return { password, shown: password }
}
