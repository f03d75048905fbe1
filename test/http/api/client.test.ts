/** A client that an npm generator makes out of the description: it compiles, and does what it says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { generateApi } from 'swagger-typescript-api'
import { apiDocument } from '../../../src/http/api/index.ts'
import { root, scratch } from '../../server.ts'
import { apiServer } from './asking.ts'

const use = `
import { Api } from './client.ts'
export const walk = async (baseUrl: string) => {
  const api = new Api({ baseUrl })
  const { data: sent } = await api.api.sendMessage({ to: 'ann@example.net', subject: 'Generated', text: 'Hi' })
  const { data: one } = await api.api.getMessage(sent.id)
  const { data: page } = await api.api.listMessages({ limit: 1, subject: 'Generated' })
  const subjects: (string | null)[] = page.items.map((item) => item.subject)
  const fault = await api.api.getMessage('nothing').catch((answer: { error: { status: number } }) => answer.error.status)
  return { id: sent.id, subject: one.subject, subjects, fault }
}
`

test('a generated client compiles and works', async (t) => {
  const folder = scratch('client')
  const spec = JSON.parse(JSON.stringify(apiDocument())) as object
  await generateApi({
    ...{ spec: spec as never, output: folder, fileName: 'client.ts', silent: true, httpClientType: 'fetch' },
    ...{ generateClient: true, modular: false, extractEnums: false, enumNamesAsValues: false },
  })
  writeFileSync(join(folder, 'use.ts'), use)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const settings = {
    compilerOptions: {
      ...{
        strict: true,
        target: 'es2022',
        module: 'nodenext',
        moduleResolution: 'nodenext',
        skipLibCheck: true,
      },
      ...{ lib: ['es2022', 'dom', 'dom.iterable'], types: [], outDir: join(folder, 'out') },
      ...{ allowImportingTsExtensions: true, rewriteRelativeImportExtensions: true },
    },
    include: [folder],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '--project', folder], { stdio: 'pipe', encoding: 'utf8' })
  mkdirSync(join(folder, 'out'), { recursive: true })
  cpSync(join(folder, 'package.json'), join(folder, 'out/package.json'))
  const { walk } = (await import(pathToFileURL(join(folder, 'out/use.js')).href)) as {
    walk: (url: string) => Promise<{ id: string; subject: string; subjects: string[]; fault: number }>
  }
  const api = await apiServer(t)
  await api.server.addAccount({ addresses: ['demo@localhost'], password: 'a password' })
  const found = await walk(`http://127.0.0.1:${api.port}`)
  assert.equal(found.subject, 'Generated')
  assert.ok(found.id.length >= 20)
  assert.equal(found.fault, 404)
})
