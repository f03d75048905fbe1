/** `fsmtp key`: keys with which programs ask over HTTP. */
import { type Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../config/load.ts'
import { type Role, roles } from '../http/login/caller.ts'
import { readRegister } from '../http/login/following.ts'
import { addKey, type KeyChanged, type KeyHand, objectionToKey, removeKey } from '../http/login/keys.ts'
import { type Key, Register } from '../http/login/register.ts'
import { hasLog, openLogReader } from '../log/open.ts'
import { knownNow } from './enrolling.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'
import { ndjson, print, remark, table } from './terminal.ts'
import { openForWriting, type Writing } from './write.ts'

const example = `
look: reads. act: sends, flags, retries, cancels too. administer: everything.
A key is shown once; only its hash is kept. Programs send it as \`Authorization: Bearer fsmtp_...\`.
Examples:
  fsmtp key add reports --role look
  fsmtp key add shop --role act --account shop@example.org
  curl -H "Authorization: Bearer $KEY" http://localhost:8025/api/v1/deliveries`

type Adding = GlobalOptions & { readonly role: Role; readonly account?: string }

export const register = (program: Command): void => {
  const key = program.command('key').description('keys with which programs ask over HTTP')
  key
    .command('add')
    .argument('<name>', 'what it is for: small letters, digits, dots and hyphens')
    .description('make a key and print it, once')
    .requiredOption('--role <role>', `what it may do: ${roles.join(', ')}`, roleOf)
    .option('--account <address>', 'it sees and does what concerns this account only')
    .addHelpText('after', example)
    .action((name: string, _: unknown, command: Command) => add(name, command.optsWithGlobals()))
  key
    .command('list')
    .description('all keys: what they may do, and since when they are there')
    .addHelpText('after', '\nExample: fsmtp key list --json')
    .action((_: unknown, command: Command) => list(command.optsWithGlobals()))
  key
    .command('remove')
    .argument('<name>', 'the name of the key')
    .description('remove a key: whoever has it is let in no more')
    .addHelpText('after', '\nExample: fsmtp key remove reports')
    .action((name: string, _: unknown, command: Command) => remove(name, command.optsWithGlobals()))
}

const roleOf = (text: string): Role => {
  const found = roles.find((role) => role === text)
  if (found === undefined) throw new InvalidArgumentError(`there are ${roles.join(', ')}`)
  return found
}

const configOf = (options: GlobalOptions) => loadConfig({ file: options.config, data: options.data }).config

const registerNow = async (options: GlobalOptions): Promise<Register> => {
  const config = configOf(options)
  if (!hasLog(config)) return new Register()
  const log = await openLogReader(config)
  try {
    return await readRegister(log)
  } finally {
    await log.close()
  }
}

/** A change that is refused leaves no trace. @throws CommandFault with the reason */
const changing = async <Changed extends KeyChanged>(
  options: GlobalOptions,
  change: (hand: KeyHand) => Promise<Changed>,
): Promise<Changed & { readonly ok: true }> => {
  let opened: Writing | null = null
  const append: Writing['append'] = async (appends) => {
    opened ??= await openForWriting(configOf(options))
    return opened.append(appends)
  }
  try {
    const done = await change({ register: await registerNow(options), log: { append } })
    if (!done.ok) throw new CommandFault(done.reason)
    return done as Changed & { readonly ok: true }
  } finally {
    await (opened as Writing | null)?.close()
  }
}

/** The name of the account, however it was typed. @throws CommandFault */
const accountOf = async (options: Adding): Promise<string | null> => {
  if (options.account === undefined) return null
  const found = (await knownNow(options)).directory.account(options.account)
  if (found === null)
    throw new CommandFault(`there is no account ${options.account}; see \`fsmtp user list\``)
  return found.name
}

const add = async (name: string, options: Adding): Promise<void> => {
  const { role } = options
  const objection = objectionToKey(name, await registerNow(options))
  if (objection !== null) throw new CommandFault(objection)
  const account = await accountOf(options)
  const { text } = await changing(options, (hand) => addKey(hand, { name, role, account }))
  if (options.json) ndjson({ name, role, account, key: text })
  else {
    print(text ?? '')
    remark(`added ${name}; the key is shown this once, and nowhere kept`)
  }
}

const list = async (options: GlobalOptions): Promise<void> => {
  const keys = (await registerNow(options)).keys()
  const addedAt = (key: Key): string => new Date(key.addedAt).toISOString()
  if (options.json)
    for (const key of keys)
      ndjson({ name: key.name, role: key.role, account: key.account, addedAt: addedAt(key) })
  else if (keys.length === 0) remark('no keys; add one: fsmtp key add NAME --role look')
  else
    table(keys, [
      { title: 'KEY', value: ({ name }) => name },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'ACCOUNT', value: ({ account }) => account ?? 'all' },
      { title: 'ADDED', value: addedAt },
    ])
}

const remove = async (name: string, options: GlobalOptions): Promise<void> => {
  await changing(options, (hand) => removeKey(hand, name))
  if (options.json) ndjson({ name, removed: true })
  else print(`removed ${name}`)
}
