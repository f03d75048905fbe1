/** The Dockerfile: what it copies and runs is there, and what it promises of the image holds. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { house, read } from '../house/sources.ts'
import { finished, fsmtp, scratch, serve, workplace } from '../server.ts'
import { compose } from './compose-file.ts'

type Instruction = { readonly name: string; readonly rest: string }
const instructions: readonly Instruction[] = read('Dockerfile')
  .split('\n')
  .filter((line) => !/^\s*#/.test(line))
  .join('\n')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    return { name, rest }
  })
const all = (name: string): string[] =>
  instructions.filter((one) => one.name === name).map(({ rest }) => rest)
const last = (name: string): string => all(name).at(-1) ?? ''
const manifest = JSON.parse(read('package.json')) as {
  version: string
  bin: { fsmtp: string }
  scripts: Record<string, string>
}

/** What .dockerignore lets in. */
const allowed = read('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1))

test('what comes from outside is there, and gets into the build', () => {
  const sources = all('COPY')
    .filter((rest) => !rest.startsWith('--from'))
    .flatMap((rest) => rest.split(' ').slice(0, -1))
  for (const source of sources.filter((one) => one !== '.')) {
    assert.ok(existsSync(join(house, source)), source)
    assert.ok(allowed.includes(source), `${source} is kept out by .dockerignore`)
  }
  for (const name of allowed) assert.ok(existsSync(join(house, name)), name)
  assert.match(read('.dockerignore'), /^\*$/m)
})

test('nothing else gets in: no tests, no data, no secrets', () => {
  const out = ['.env', '.git', 'data', 'test', 'node_modules', 'deploy', 'dist']
  assert.deepEqual(
    out.filter((name) => allowed.includes(name)),
    [],
  )
})

test('what the second stage takes from the first was copied or built there', () => {
  const taken = all('COPY')
    .filter((rest) => rest.startsWith('--from=build'))
    .flatMap((rest) => rest.split(' ').slice(1, -1))
    .map((path) => path.replace(/^\/build\//, ''))
  assert.ok(taken.includes('dist') && taken.includes('node_modules') && taken.includes('package.json'))
  const made = ['dist', 'node_modules']
  for (const name of taken) assert.ok(made.includes(name) || allowed.includes(name), name)
})

test('what it runs is in package.json; development stays behind', () => {
  const run = all('RUN').join(' && ')
  for (const [, script = ''] of run.matchAll(/npm run (\S+)/g))
    assert.ok(Object.hasOwn(manifest.scripts, script), script)
  assert.match(run, /npm ci --ignore-scripts/)
  assert.match(run, /npm prune --omit=dev/)
  assert.match(all('ENV').join(' '), /NODE_ENV=production/)
})

test('it starts the program of the package, itself, so that signals arrive, and not as root', () => {
  assert.deepEqual(JSON.parse(last('ENTRYPOINT')), ['fsmtp'])
  assert.ok(Array.isArray(JSON.parse(last('CMD'))))
  assert.ok(
    all('RUN').some((run) => run.includes(`ln -s /opt/fsmtp/${manifest.bin.fsmtp} /usr/local/bin/fsmtp`)),
  )
  assert.equal(last('STOPSIGNAL'), 'SIGTERM')
  assert.match(last('USER'), /^[1-9]\d*:[1-9]\d*$/)
  assert.equal(last('WORKDIR'), last('VOLUME'))
})

test('it says which version it is, as everybody else does', () => {
  assert.ok(all('ARG').includes(`VERSION=${manifest.version}`))
  for (const name of ['title', 'description', 'licenses', 'version', 'revision', 'base.name'])
    assert.match(last('LABEL'), new RegExp(`org\\.opencontainers\\.image\\.${name.replace('.', '\\.')}=`))
  for (const { build, image } of Object.values(compose().services))
    if (build !== undefined) assert.equal(image, `fsmtp:${manifest.version}`)
})

test('it exposes the ports that `init --ports high` writes', async () => {
  const folder = scratch('high')
  assert.equal((await fsmtp(folder, ['init', 'example.org', '--ports', 'high'])).code, 0)
  const shown = await fsmtp(folder, ['config', 'show', '--json'])
  const ports = [...shown.stdout.matchAll(/"listeners\[\d\]\.port","value":(\d+)/g)].map(([, port]) => port)
  assert.deepEqual(ports, last('EXPOSE').split(' '))
})

/** The command of a HEALTHCHECK, in the image `node` is this Node. */
const asked = (command: readonly string[], folder: string) => {
  const [program, ...words] = command
  assert.equal(program, 'node')
  const here = words.map((word) => word.replace(`${last('VOLUME')}/`, `${folder}/`))
  return finished(spawn(process.execPath, here, { stdio: 'pipe' }))
}

test('the health check says yes of a server that runs, no of one that does not, and leaves no trace', async () => {
  const command = JSON.parse(/CMD (\[.*\])$/.exec(last('HEALTHCHECK'))?.[1] ?? '') as string[]
  const folder = workplace()
  assert.equal((await asked(command, folder)).code, 1)
  const server = await serve(folder)
  const events = async () => (await fsmtp(folder, ['events', '--json'])).stdout
  const before = await events()
  assert.equal((await asked(command, folder)).code, 0)
  assert.equal(await events(), before)
  await server.end('SIGKILL')
  assert.equal((await asked(command, folder)).code, 1)
  for (const { build, healthcheck } of Object.values(compose().services))
    if (build !== undefined && healthcheck !== undefined)
      assert.deepEqual(healthcheck.test, ['CMD', ...command])
})
