/**
 * `npm run torture [-- --rounds N --seed S --log kurrent --faults]`: a server under load is killed with SIGKILL at random moments, again and
 * again, and started with nothing repaired. Ends with one line of figures, or with the first thing that is not as it must
 * be; the same seed gives the same load and the same moments.
 *
 * SIGKILL loses what a process had in memory, not what it had given to the kernel: that the disk is told to keep it
 * (fsync) is shown by the log's own tests. With `--log kurrent` the log is in a stand-in for KurrentDB, which lives on; with `--faults`
 * that one breaks connections and swallows answers meanwhile.
 */
import { parseArgs } from 'node:util'
import { engineOf } from './database.ts'
import { type Figures, Torture } from './rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    every: { type: 'string', default: '10' },
    log: { type: 'string', default: 'sqlite' },
    faults: { type: 'boolean', default: false },
  },
})
const [rounds, seed, every] = [values.rounds, values.seed, values.every].map(Number) as [
  number,
  number,
  number,
]
const log = engineOf(values.log, values.faults)
if (
  log === null ||
  ![rounds, seed, every].every((value) => Number.isInteger(value) && value >= 0) ||
  rounds < 1 ||
  every < 1
) {
  process.stderr.write(
    'usage: npm run torture [-- --rounds N --seed S --every N --log sqlite|kurrent --faults (with kurrent)]\n',
  )
  process.exit(2)
}

const misbehaviour = ({ misbehaved }: Figures): string[] =>
  values.faults ? [`the database misbehaved ${misbehaved} times`] : []

const told = ({ killed, ...figures }: Figures): string =>
  [
    `torture on ${log}: seed ${seed}, ${figures.rounds} rounds in ${figures.seconds} s`,
    `killed ${killed.working} times under load, ${killed.starting} while starting, ${killed.stopping} while stopping`,
    `${figures.acknowledged} messages acknowledged, all there, once, whole`,
    `${figures.inDoubt} in doubt, ${figures.storedInDoubt} of them stored, none twice`,
    `log at ${figures.largestLog}, ${figures.transitions} transitions proved`,
    `slowest start ${figures.slowestStart} ms`,
    ...misbehaviour({ killed, ...figures }),
  ].join('; ')

const torture = new Torture({
  rounds,
  seed,
  every,
  log,
  faults: values.faults,
  progress: (line) => process.stdout.write(`${line}\n`),
})
try {
  process.stdout.write(`${told(await torture.run())}\n`)
} catch (error) {
  process.stdout.write(`torture: seed ${seed} failed in round ${torture.figures.rounds + 1}\n`)
  throw error
}
