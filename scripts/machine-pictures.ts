/**
 * Draws each machine into the README of its room, between `<!-- drawn -->` and `<!-- /drawn -->`: the diagram, and the states
 * with their sentences; and draws it finer into `docs/<name>-machine.svg`. `node scripts/machine-pictures.ts` writes it; a test holds the two together.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { draw, toMermaid } from '../machines/drawing/index.ts'
import { machines } from '../machines/index.ts'
import type { MachineModule } from '../machines/vocabulary/machine.ts'
import { toSvg } from '../src/drawing/svg.ts'

const house = dirname(dirname(fileURLToPath(import.meta.url)))
const between = /(?<=<!-- drawn -->\n)[\s\S]*?(?=<!-- \/drawn -->)/

export const readmeOf = ({ name }: MachineModule): string => join(house, 'machines', name, 'README.md')

const drawn = ({ name, version, machine }: MachineModule): string => {
  const drawing = draw(machine)
  const rows = drawing.states
    .filter(({ path }) => path !== '')
    .map(({ path, description }) => `| \`${path}\` | ${description} |`)
  return [
    `## Version ${version}, drawn`,
    '',
    `*Made by \`node scripts/machine-pictures.ts\`; \`fsmtp machines ${name} --format svg\` draws it finer.*`,
    '',
    '```mermaid',
    toMermaid(drawing).trimEnd(),
    '```',
    '',
    '| state | |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** The README as it should be. */
export const withPicture = (module: MachineModule): string =>
  readFileSync(readmeOf(module), 'utf8').replace(between, () => drawn(module))

export const pictureOf = ({ name }: MachineModule): string => join(house, 'docs', `${name}-machine.svg`)
export const picture = ({ machine }: MachineModule): Promise<string> => toSvg(draw(machine))

if (import.meta.main)
  for (const module of machines) {
    writeFileSync(readmeOf(module), withPicture(module))
    writeFileSync(pictureOf(module), await picture(module))
  }
