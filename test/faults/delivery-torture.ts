/**
 * `npm run torture:deliveries [-- --rounds N --seed S]`: a server is killed with SIGKILL again and again while it delivers, and
 * started with nothing repaired. In every second round the far hosts refuse one of two recipients. Ends with one line of figures;
 * exit code 1 where something is not as it must be. The same seed gives the same load and the same moments.
 */
import { parseArgs } from 'node:util'
import { engineOf } from './database.ts'
import { type DeliveryFigures, faultsOf, tortureDeliveries } from './delivery-rounds.ts'

const usage = `usage: npm run torture:deliveries [-- --rounds N --seed S --log kurrent --faults]
  --rounds N   how often the server is killed (default 100)
  --log L      where the log is: sqlite, or kurrent, a stand-in that outlives the server
  --faults     that one breaks connections and swallows answers meanwhile
  --seed S     repeats an earlier run, whose seed stands in its last line (default: another one each time)
`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    log: { type: 'string', default: 'sqlite' },
    faults: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}
const log = engineOf(values.log, values.faults)
if (log === null || !Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed) || seed < 0) {
  process.stderr.write(usage)
  process.exit(2)
}

const told = (figures: DeliveryFigures): string =>
  [
    `torture of deliveries on ${log}: seed ${seed}, ${rounds} rounds in ${figures.seconds} s`,
    `${figures.acknowledged} mails acknowledged, ${figures.lost} recipients lost`,
    `${figures.arrived} arrivals, ${figures.twiceMarked} recipients more than once and marked so, ${figures.twiceUnmarked} not marked`,
    `${figures.marked} deliveries marked as possibly so`,
    `${figures.refused} recipients refused, ${figures.notices} notices, ${figures.untold} not told of, ${figures.toldTooOften} too many`,
    ...(values.faults ? [`the database misbehaved ${figures.misbehaved} times`] : []),
  ].join('; ')

const figures = await tortureDeliveries({
  ...{ rounds, seed, log, faults: values.faults },
  progress: (line) => process.stdout.write(`${line}\n`),
}).catch((error: unknown) => {
  process.stderr.write(`torture of deliveries: seed ${seed} failed\n`)
  throw error
})
process.stdout.write(`${told(figures)}\n`)
for (const fault of faultsOf(figures)) {
  process.stderr.write(`not as it must be: ${fault}\n`)
  process.exitCode = 1
}
