/** `npm run torture:deliveries [-- --rounds N --seed S]`: a server is killed again and again while it delivers. */
import { parseArgs } from 'node:util'
import { tortureDeliveries } from './delivery-rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
const figures = await tortureDeliveries({
  ...{ rounds, seed },
  progress: (line) => process.stdout.write(`${line}\n`),
})
process.stdout.write(
  `torture of deliveries: seed ${seed}, ${figures.rounds} rounds in ${figures.seconds} s; ${figures.acknowledged} mails acknowledged, all arrived; ` +
    `${figures.arrived} arrivals, ${figures.twice} mails more than once, ${figures.marked} marked as possibly so\n`,
)
