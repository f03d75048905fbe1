/** The jobs of docker-compose.yml that are scripts: what they make, and that a second time changes nothing. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { house } from '../house/sources.ts'
import { httpHost } from '../http-host.ts'
import { requireProgram } from '../programs.ts'
import { checkSignature } from '../s3/signature.ts'
import { testKeys } from '../s3/stand-in.ts'
import { finished, scratch } from '../server.ts'

const run = (script: string, words: readonly string[], env: Readonly<Record<string, string>>) =>
  finished(
    spawn('/bin/sh', [join(house, 'deploy', script), ...words], {
      ...{ stdio: 'pipe', env: { ...process.env, ...env } },
    }),
  )

/** A store that has `there`, checks signatures, and makes what it is told to. */
const store = async (t: TestContext, there: Set<string>): Promise<string> => {
  const { url } = await httpHost(t, (request, response) => {
    const answer = (): number => {
      try {
        checkSignature(request, Buffer.alloc(0), { keys: testKeys, region: 'us-east-1', now: Date.now() })
      } catch {
        return 403
      }
      const bucket = request.url!.slice(1)
      if (request.method === 'HEAD') return there.has(bucket) ? 200 : 404
      if (request.method !== 'PUT') return 405
      there.add(bucket)
      return 200
    }
    response.writeHead(answer()).end()
  })
  return url
}
const keys = { AWS_ACCESS_KEY_ID: testKeys.accessKeyId, AWS_SECRET_ACCESS_KEY: testKeys.secretAccessKey }

test('bucket.sh makes the bucket that is missing, and leaves the one that is there', async (t) => {
  if (requireProgram(t, 'curl') === null) return
  const there = new Set<string>()
  const address = `${await store(t, there)}/mail`
  const made = await run('bucket.sh', [address], keys)
  assert.deepEqual([made.code, made.stdout], [0, `made ${address}\n`], made.stderr)
  assert.deepEqual([...there], ['mail'])
  const again = await run('bucket.sh', [address], keys)
  assert.deepEqual([again.code, again.stdout], [0, `${address} is there\n`])
})

test('bucket.sh says so where key and secret are wrong, and never which they are', async (t) => {
  if (requireProgram(t, 'curl') === null) return
  const address = `${await store(t, new Set())}/mail`
  const refused = await run('bucket.sh', [address], { ...keys, AWS_SECRET_ACCESS_KEY: 'anotherSecret' })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /the store answers 403; are key and secret/)
  assert.doesNotMatch(refused.stderr, /anotherSecret/)
})

/** As es-gencert-cli takes its words: fails with 0 where the folder is there, as it does. */
const generator = `#!/bin/sh
set -eu
kind=$1; shift
while [ $# -gt 0 ]; do case $1 in
  -out) out=$2 ;; -ca-certificate) ca=$2 ;; -ca-key) key=$2 ;; -dns-names) names=$2 ;; -ip-addresses) address=$2 ;; -days) days=$2 ;;
  *) echo "unknown: $1" >&2; exit 1 ;;
esac; shift 2; done
if [ -e "$out" ]; then echo "$out already exists"; exit 0; fi
mkdir "$out"
if [ "$kind" = create-ca ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -days "$days" -keyout "$out/ca.key" -out "$out/ca.crt" 2>/dev/null
  exit 0
fi
openssl req -new -newkey rsa:2048 -nodes -subj /CN=eventstoredb-node -keyout "$out/node.key" -out "$out/node.csr" 2>/dev/null
printf 'subjectAltName=DNS:%s,IP:%s' "$(echo "$names" | sed 's/,/,DNS:/g')" "$address" > "$out/ext"
openssl x509 -req -in "$out/node.csr" -CA "$ca" -CAkey "$key" -CAcreateserial -days "$days" -extfile "$out/ext" -out "$out/node.crt" 2>/dev/null
chmod 600 "$out/node.key"
`

test('certificates.sh makes an authority once, and for each member what it has not', async (t) => {
  if (requireProgram(t, 'openssl') === null) return
  const folder = scratch('certificates')
  const place = (name: string): string => join(folder, name)
  for (const name of ['authority', 'trust', 'certificates', 'bin']) mkdirSync(place(name))
  writeFileSync(place('bin/es-gencert-cli'), generator)
  chmodSync(place('bin/es-gencert-cli'), 0o755)
  const env = {
    ...{ AUTHORITY: place('authority'), TRUST: place('trust'), CERTIFICATES: place('certificates') },
    PATH: `${place('bin')}${delimiter}${process.env.PATH}`,
  }
  const first = await run('certificates.sh', ['one', 'two'], env)
  assert.equal(first.code, 0, first.stderr)
  const authority = new X509Certificate(readFileSync(place('trust/ca/ca.crt')))
  const one = readFileSync(place('certificates/one/node.crt'), 'utf8')
  const certificate = new X509Certificate(one)
  assert.ok(certificate.verify(authority.publicKey))
  assert.match(certificate.subjectAltName ?? '', /DNS:one, DNS:localhost, IP Address:127\.0\.0\.1/)
  assert.equal(statSync(place('certificates/one/node.key')).mode & 0o444, 0o444)
  const listed = execFileSync('find', [place('trust'), '-name', '*.key'], { encoding: 'utf8' })
  assert.equal(listed, '', 'the key that signs is where members see it')

  rmSync(place('certificates/two'), { recursive: true })
  mkdirSync(place('certificates/two.new'))
  const second = await run('certificates.sh', ['one', 'two', 'three'], env)
  assert.equal(second.code, 0, second.stderr)
  assert.equal(readFileSync(place('certificates/one/node.crt'), 'utf8'), one)
  for (const member of ['two', 'three']) {
    const made = new X509Certificate(readFileSync(place(`certificates/${member}/node.crt`)))
    assert.ok(made.verify(authority.publicKey), member)
  }
})

test('certificates.sh fails where the generator says nothing and makes nothing', async () => {
  const folder = scratch('certificates')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/es-gencert-cli'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const env = {
    ...{ AUTHORITY: join(folder, 'a'), TRUST: join(folder, 't'), CERTIFICATES: join(folder, 'c') },
    PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
  }
  const ended = await run('certificates.sh', ['one'], env)
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /ca\.crt was not made/)
})
