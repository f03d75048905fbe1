/**
 * A strict reader of Prometheus' text format, version 0.0.4: whatever the description of the format does not allow is a fault.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import assert from 'node:assert/strict'

export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export type Family = { readonly help: string; readonly type: string; readonly samples: readonly Sample[] }
export type Exposition = ReadonlyMap<string, Family>

const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped']
const line = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y

const labelsOf = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {}
  for (label.lastIndex = 0; label.lastIndex < text.length; ) {
    const found = label.exec(text)
    assert.ok(found, `labels {${text}} cannot be read`)
    const [, name = '', value = ''] = found
    assert.ok(!(name in labels), `the label ${name} is there twice`)
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

const numberOf = (text: string): number => {
  if (text === '+Inf' || text === '-Inf') return Number(text.replace('Inf', 'Infinity'))
  assert.match(text, /^(?:NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/, `${text} is no value`)
  return Number(text)
}

const sampleOf = (text: string): Sample => {
  const { name, labels = '', value } = line.exec(text)?.groups ?? assert.fail(`cannot be read: ${text}`)
  return { name: name!, labels: labelsOf(labels), value: numberOf(value!) }
}

/** The names that samples of a family may have. */
const namesOf = (family: string, type: string): readonly string[] => {
  if (type === 'histogram') return [`${family}_bucket`, `${family}_sum`, `${family}_count`]
  return type === 'summary' ? [family, `${family}_sum`, `${family}_count`] : [family]
}

const without = ({ labels: { le: _, ...labels } }: Sample): string =>
  JSON.stringify(Object.entries(labels).toSorted())

/** For each set of labels buckets that grow, up to one for everything, which is the count. */
const checkHistogram = (name: string, samples: readonly Sample[]): void => {
  for (const one of Object.values(Object.groupBy(samples, without))) {
    const buckets = (one ?? []).filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => numberOf(labels.le ?? assert.fail(`a bucket of ${name}`)))
    const counts = buckets.map(({ value }) => value)
    assert.deepEqual(bounds, ascending(bounds), `bounds of ${name}`)
    assert.deepEqual(counts, ascending(counts), `buckets of ${name}`)
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY)
    assert.equal(one?.find((sample) => sample.name === `${name}_count`)?.value, counts.at(-1))
  }
}
const ascending = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b)

type Open = { readonly name: string; readonly help: string; type: string | null; readonly samples: Sample[] }

const closed = ({ name, help, type, samples }: Open): Family => {
  assert.ok(type, `${name} has no TYPE`)
  const keys = samples.map((sample) =>
    JSON.stringify([sample.name, Object.entries(sample.labels).toSorted()]),
  )
  assert.equal(new Set(keys).size, keys.length, `${name} has a sample twice`)
  for (const sample of samples) {
    assert.ok(namesOf(name, type).includes(sample.name), `${sample.name} is not of ${name}`)
    if (type === 'counter') assert.ok(sample.value >= 0, `${sample.name} is below zero`)
  }
  if (type === 'histogram') checkHistogram(name, samples)
  return { help, type, samples }
}

/** @throws AssertionError at whatever is not allowed */
export const readExposition = (text: string): Exposition => {
  assert.ok(text.endsWith('\n'), 'the last line must end')
  const families = new Map<string, Family>()
  const all: Open[] = []
  for (const each of text.split('\n')) {
    if (each === '') continue
    const open = all.at(-1)
    const [, word, name, rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(each) ?? []
    if (word === 'HELP') all.push({ name: name!, help: rest, type: null, samples: [] })
    else if (word === 'TYPE') {
      assert.ok(open?.name === name && open?.type === null, `a TYPE astray: ${each}`)
      assert.ok(types.includes(rest), `${rest} is no type`)
      open.type = rest
    } else {
      assert.ok(!each.startsWith('#'), `neither HELP nor TYPE: ${each}`)
      assert.ok(open?.type, `a sample astray: ${each}`)
      open.samples.push(sampleOf(each))
    }
  }
  for (const each of all) {
    assert.ok(!families.has(each.name), `${each.name} is there twice`)
    families.set(each.name, closed(each))
  }
  return families
}

/** The value of the sample of these labels and no others; 0 where there is none, as of what was never counted. */
export const valueIn = (
  found: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number => {
  const family = name.replace(/_(?:bucket|sum|count)$/, '')
  const { samples } = found.get(name) ?? found.get(family) ?? assert.fail(`there is no ${name}`)
  const wanted = JSON.stringify(Object.entries(labels).toSorted())
  const sample = samples.find(
    (one) => one.name === name && JSON.stringify(Object.entries(one.labels).toSorted()) === wanted,
  )
  return sample?.value ?? 0
}
