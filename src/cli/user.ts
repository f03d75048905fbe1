/** `fsmtp user`: who may log in, and which addresses are theirs. */
import type { Command } from 'commander'
import { addressKey } from '../../machines/vocabulary/address.ts'
import { type Enrolment, objectionTo } from '../authentication/enrolment.ts'
import type { Account } from '../authentication/roll.ts'
import { mailboxName } from '../authentication/spelling.ts'
import { enrolling, knownNow } from './enrolling.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'
import { chosenPassword } from './password.ts'
import { ndjson, print, remark, table } from './terminal.ts'

type Options = GlobalOptions & { readonly address: readonly string[]; readonly generate?: boolean }

const generate = ['--generate', 'make a password and print it once'] as const

export const register = (program: Command): void => {
  const user = program.command('user').description('accounts: who may log in, and which addresses are theirs')
  user
    .command('add')
    .argument('<address>', 'its first address; also its name and its mailbox')
    .description('add an account; the password is asked for, or read from standard input')
    .option('--address <address...>', 'more addresses of this account', [])
    .option(...generate)
    .addHelpText('after', '\nExample: fsmtp user add alice@example.org --address a.smith@example.org')
    .action(async (address: string, _: unknown, command: Command) => add(address, command.optsWithGlobals()))
  user
    .command('password')
    .argument('<address>', 'an address of the account')
    .description('change the password; it is asked for, or read from standard input')
    .option(...generate)
    .addHelpText('after', '\nExample: fsmtp user password alice@example.org')
    .action(async (address: string, _: unknown, command: Command) =>
      changePassword(address, command.optsWithGlobals()),
    )
  user
    .command('list')
    .description('all accounts with their addresses')
    .addHelpText('after', '\nExample: fsmtp user list --json')
    .action(async (_: unknown, command: Command) => list(command.optsWithGlobals()))
  user
    .command('remove')
    .argument('<address>', 'the name of the account')
    .description('remove an account; its mailbox and its history stay')
    .addHelpText('after', '\nExample: fsmtp user remove alice@example.org')
    .action(async (address: string, _: unknown, command: Command) =>
      remove(address, command.optsWithGlobals()),
    )
}

const said = (options: GlobalOptions, text: string, json: object): void =>
  options.json ? ndjson(json) : print(text)

/** Sets a password: judged before it is asked for whether there is any point. */
const withPassword = async (
  options: Options,
  account: string,
  change: (enrolment: Enrolment, password: string) => ReturnType<Enrolment['changePassword']>,
): Promise<string | null> => {
  const { password, shown } = await chosenPassword({ account, generate: options.generate ?? false })
  await enrolling(options, (enrolment) => change(enrolment, password))
  return shown
}

const add = async (address: string, options: Options): Promise<void> => {
  const addresses = [address, ...options.address] as const
  const known = await knownNow(options)
  const objection = objectionTo(addresses, known.directory)
  if (objection !== null) throw new CommandFault(objection)
  const shown = await withPassword(options, address, (enrolment, password) =>
    enrolment.addAccount({ addresses, password }),
  )
  const account = mailboxName(address)
  said(options, shown === null ? `added ${account}` : `added ${account}, password ${shown}`, {
    account,
    addresses,
    ...(shown !== null && { password: shown }),
  })
}

const changePassword = async (address: string, options: Options): Promise<void> => {
  const { directory } = await knownNow(options)
  const account = directory.account(address)?.name
  if (account === undefined) throw new CommandFault(`there is no account ${address}; see \`fsmtp user list\``)
  const shown = await withPassword(options, account, (enrolment, password) =>
    enrolment.changePassword({ address, password }),
  )
  said(
    options,
    shown === null ? `changed the password of ${account}` : `the password of ${account} is now ${shown}`,
    {
      account,
      ...(shown !== null && { password: shown }),
    },
  )
}

const others = ({ name, addresses }: Account): readonly string[] =>
  addresses.filter((address) => addressKey(address) !== addressKey(name))

const list = async (options: Options): Promise<void> => {
  const accounts = (await knownNow(options)).directory.accounts()
  if (options.json) for (const { name, addresses } of accounts) ndjson({ account: name, addresses })
  else if (accounts.length === 0) remark('no accounts; add one: fsmtp user add ADDRESS')
  else
    table(accounts, [
      { title: 'ACCOUNT', value: ({ name }) => name },
      { title: 'OTHER ADDRESSES', value: (account) => others(account).join(', ') },
    ])
}

const remove = async (address: string, options: Options): Promise<void> => {
  await enrolling(options, (enrolment) => enrolment.removeAccount(address))
  said(options, `removed ${mailboxName(address)}; its mailbox and its history stay`, {
    account: mailboxName(address),
  })
}
