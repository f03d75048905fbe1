/** Words as they are compared, and what is left of HTML. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { saidIn } from '../../src/opening/said.ts'
import { spoken } from '../../src/opening/spoken.ts'
import { folded, missing, wordsIn } from '../../src/searching/folding.ts'

test('what is written in several ways is alike', () => {
  const alike: readonly (readonly string[])[] = [
    ['STRASSE', 'straße', 'Straẞe', 'stra\u00adsse'],
    ['ΟΔΟΣ', 'οδος', 'οδοσ'],
    ['É', 'é', 'e\u0301', 'E\u0301'],
    ['ﬁn', 'FIN', 'ｆｉｎ', 'f\u200bin'],
    ['ſo', 'so'],
    ['İstanbul', 'istanbul', 'ISTANBUL', 'ıstanbul'],
    ['a b', 'A\u00a0B', 'a\u2003b'],
    ['Ǆ', 'ǆ', 'ǅ'],
    ['Кирилл', 'КИРИЛЛ'],
    ['ế', 'e\u0302\u0301'],
    ['e\u0323\u0301', 'e\u0301\u0323'],
    [`e${'\u0301'.repeat(100)}`, `é${'\u0301'.repeat(99)}`],
  ]
  for (const [first = '', ...others] of alike)
    for (const other of others) assert.equal(folded(other), folded(first), `${other} as ${first}`)
  const different = [
    ['a', 'ä'],
    ['o', '0'],
    ['и', 'й'],
  ]
  for (const [one = '', other = ''] of different) assert.notEqual(folded(one), folded(other))
})

test('words are parted by whatever is space, each once', () => {
  assert.deepEqual(wordsIn(' One\u00a0two\r\nONE  three\u3000'), ['one', 'two', 'three'])
  assert.deepEqual(wordsIn(' \u200b\u00ad '), [])
})

test('each word stands in one of the texts, and none across two', () => {
  assert.deepEqual(missing(['a', 'b'], ['xAx', null, 'b']), [])
  assert.deepEqual(missing(['ab', 'c'], ['a', 'b c']), ['ab'])
  assert.deepEqual(missing([], [null]), [])
})

test('of HTML is left what somebody reads', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['<p>one</p><p>two</p>', ' one  two '],
    ['pass<b>word</b>, <A HREF="x">here</A>', 'password, here'],
    ['a<br>b<td>c</td>d', 'a b c d'],
    ['x<!-- <p>no</p> -->y', 'xy'],
    ['x<!-- never ends', 'x'],
    ['a<style>p > b {}</style>b<SCRIPT>if (1 < 2) "</scripty>"</SCRIPT >c', 'a b c'],
    ['a<title>no</title>b', 'a b'],
    ['a<p title="> no">b', 'a b'],
    ['1 < 2 <3 and a<', '1 < 2 <3 and a<'],
    ['<!DOCTYPE html><?xml no?>a', '  a'],
    ['<![if !mso]>shown<![endif]>', ' shown '],
    [
      '&lt;b&gt; &amp;amp; &Auml;&#228;&#xE4; &euro;5 &nosuch; AT&T &#0;&#xD800;',
      '<b> &amp; Ää\u00e4 €5 &nosuch; AT&T \ufffd\ufffd',
    ],
    ['&copy&nbsp;x', '©\u00a0x'],
    ['&alpha;&omega;&Sigma;&sigmaf;&hellip;&quot;', 'αωΣς…"'],
  ]
  for (const [html, expected] of cases) assert.equal(spoken(html), expected)
})

test('what a mail says is told from all of its texts, and names', async () => {
  const part = (fields: string, text: string): string => `--x\r\n${fields}\r\n\r\n${text}\r\n`
  const mail = [
    'From: =?utf-8?q?=C3=84nne?= <anne@a.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n',
    part('Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64', '8NLJ18XU'),
    part('Content-Type: text/html', '<p>second</p>'),
    part('Content-Type: text/plain', 'third'),
    part('Content-Type: application/pdf; name="=?utf-8?q?=C3=9Cber?=.pdf"', 'bytes'),
    part('Content-Type: message/rfc822', 'Subject: within\r\n\r\nforwarded'),
    '--x--',
  ].join('')
  const said = await saidIn(Buffer.from(mail))
  const all = said?.texts.join('\n') ?? ''
  for (const word of ['Grüße', 'Änne', 'anne@a.example', 'Привет', 'second', 'third', 'Über.pdf'])
    assert.ok(all.includes(word), word)
  for (const word of ['bytes', 'within', 'forwarded', '<p>']) assert.ok(!all.includes(word), word)
  assert.equal(said?.isCut, false)
})
