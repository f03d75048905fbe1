/** Links that say one host and lead to another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { honest } from '../../src/opening/links.ts'

/** The hosts that are shown behind links. */
const told = (html: string): readonly string[] =>
  [...honest(html).matchAll(/<bdi style="[^"<>]*"> \[([^\]]*)\]<\/bdi>/g)].map(([, host]) => host!)

test('behind a link that says another host stands the one it leads to', () => {
  const tricks: readonly (readonly [string, string])[] = [
    ['<a href="https://evil.example/x">https://bank.example/login</a>', 'evil.example'],
    ['<a href="https://evil.example/x">bank.example</a>', 'evil.example'],
    ['<A\nHREF=https://evil.example>www.bank.example/login?x=1</A>', 'evil.example'],
    ["<a class=x href='//evil.example'>Go to http://bank.example now</a>", 'evil.example'],
    ['<a href="&#104;ttps://evil&period;example">bank&#46;<b>example</b></a>', 'evil.example'],
    [
      '<a href=" java&#10;https://evil.example">x</a><a href="ht&#10;tps://evil.example">bank.example</a>',
      'evil.example',
    ],
    ['<a href="https://bank.example@evil.example/">https://bank.example</a>', 'evil.example'],
    ['<a href="https://bank.example.evil.example/">bank.example</a>', 'bank.example.evil.example'],
    ['<a href="https://example/">bank.example</a>', 'example'],
    ['<a href="https://xn--pple-43d.example/">apple.example</a>', 'xn--pple-43d.example'],
    ['<a href="https://\u0430pple.example/">\u0430pple.example</a>', 'xn--pple-43d.example'],
    ['<a href="https://evil.example">ba\u200bnk.exa\u00admple\u202e</a>', 'evil.example'],
    ['<a href="https://evil.example"><img alt="x>y"><!-- a.b c -->bank.example', 'evil.example'],
    ['<a href="https://evil.example">bank.example<a href="https://good.example">hello</a>', 'evil.example'],
    ['<a href="http://192.0.2.1/">http://bank.example/</a>', '192.0.2.1'],
    ['<a href="https://evil.example">https://192.0.2.1/</a>', 'evil.example'],
  ]
  for (const [html, host] of tricks) assert.deepEqual(told(html), [host], html)
})

test('links that say where they lead, or nothing of it, stay as they are', () => {
  const usual = [
    '<a href="https://bank.example/login">https://www.bank.example</a>',
    '<a href="https://www.bank.example/">bank.example</a>',
    '<a href="https://click.bank.example/x">bank.example</a>',
    '<a href="https://BANK.example./">Bank.Example</a>',
    '<a href="https://evil.example">Click here. Really</a>',
    '<a href="mailto:a@bank.example">a@bank.example</a>',
    '<a href="#below">bank.example</a>',
    '<a name="x">bank.example</a>',
    '<a href="https://xn--bcher-kva.example/">xn--bcher-kva.example</a>',
    '<article href="https://evil.example">bank.example</article>',
    '<a href="https://x:y:z">bank.example</a>',
    '<a href="https://evil.example"></a>bank.example',
  ]
  for (const html of usual) assert.equal(honest(html), html)
})

test('what is shown is nothing but a host, wherever a mail has it shown', () => {
  const hosts = [
    '"><script>x</script>.example',
    '%3Cscript%3E.example',
    "a'b.example",
    '&lt;b&gt;.example',
    '[::1]<b>',
    '\u2028.example',
  ]
  for (const host of hosts)
    for (const one of told(`<a href="https://${host}/">bank.example</a>`))
      assert.match(one, /^[a-z0-9.:[\]_?-]+$/)
})

test('it takes time in proportion to the length', () => {
  const pieces = [
    '<a ',
    '<a href=',
    '</a ',
    '<a href="//x.example">bank.example',
    '<a>',
    '<!--',
    'a.',
    'https:',
    'http:a@',
    '<a href="',
    ' href',
  ]
  for (const piece of [...pieces, ...pieces.map((one) => `<a href="//x.example">${one}`)]) {
    // With a search from each to the end it would be hours.
    const long = piece.repeat(Math.ceil(300_000 / piece.length))
    assert.ok(honest(long).length >= long.length)
    assert.ok(honest(`<a href="//x.example">${long}`).length >= long.length)
  }
})
