/** The filters of deliveries, which those that list them and those that act on them share. */
import { type Command, Option } from 'commander'
import { deliveryStandings } from '../shapes/words.ts'
import type { DeliveryFilter } from '../views/answers/deliveries.ts'
import type { ViewReader } from '../views/index.ts'
import { completeMessage } from './completing.ts'
import { since, until } from './moment.ts'

export const withFilters = (command: Command): Command =>
  command
    .addOption(
      new Option('--status <status>', 'where it stands; unfinished: not over yet').choices(deliveryStandings),
    )
    .option('--recipient <address>', 'one of its recipients, or the alias it is forwarded for')
    .option('--domain <name>', 'of its recipients, or of that alias')
    .option(
      '--sender <address>',
      'the envelope’s sender, of forwarded mail also the first one; <> for the null sender',
    )
    .option('--message <id>', 'the message, or enough of the beginning of its id')
    .option('--since <time>', 'queued at or after', since)
    .option('--until <time>', 'queued at or before', until)

/** What was asked for, the message by its whole id. @throws CommandFault */
export const completeFilter = (views: ViewReader, filter: DeliveryFilter): DeliveryFilter =>
  filter.message === undefined ? filter : { ...filter, message: completeMessage(views, filter.message) }
