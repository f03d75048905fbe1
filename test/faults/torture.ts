/**
 * `npm run torture [-- --rounds N --seed S]`: a server under load is killed with SIGKILL at random moments, again and
 * again, and started with nothing repaired. Ends with one line of figures, or with the first thing that is not as it must
 * be; the same seed gives the same load and the same moments.
 *
 * SIGKILL loses what a process had in memory, not what it had given to the kernel: that the disk is told to keep it
 * (fsync) is shown by the log's own tests.
 */
import { parseArgs } from 'node:util'
import { type Figures, Torture } from './rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    every: { type: 'string', default: '10' },
  },
})
const [rounds, seed, every] = [values.rounds, values.seed, values.every].map(Number) as [
  number,
  number,
  number,
]
if (
  ![rounds, seed, every].every((value) => Number.isInteger(value) && value >= 0) ||
  rounds < 1 ||
  every < 1
) {
  process.stderr.write('usage: npm run torture [-- --rounds N --seed S --every N]\n')
  process.exit(2)
}

const told = ({ killed, ...figures }: Figures): string =>
  [
    `torture: seed ${seed}, ${figures.rounds} rounds in ${figures.seconds} s`,
    `killed ${killed.working} times under load, ${killed.starting} while starting, ${killed.stopping} while stopping`,
    `${figures.acknowledged} messages acknowledged, all there, once, whole`,
    `${figures.inDoubt} in doubt, ${figures.storedInDoubt} of them stored, none twice`,
    `log at ${figures.largestLog}, ${figures.transitions} transitions proved`,
    `slowest start ${figures.slowestStart} ms`,
  ].join('; ')

const torture = new Torture({
  rounds,
  seed,
  every,
  progress: (line) => process.stdout.write(`${line}\n`),
})
try {
  process.stdout.write(`${told(await torture.run())}\n`)
} catch (error) {
  process.stdout.write(`torture: seed ${seed} failed in round ${torture.figures.rounds + 1}\n`)
  throw error
}
