/** What is left of a mail's HTML. The policy that goes with it is in test/http/api/html.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harmless } from '../../src/opening/frame.ts'

const led = /<\/?(?:script|iframe|frame|frameset|object|embed|applet|base|meta|link|portal)(?![a-z0-9-])/i

const tricks: readonly string[] = [
  // Put together from pieces by what is taken out.
  '<me</script>ta http-equiv=refresh content="0;url=//evil">',
  '<li<meta>nk rel=preconnect href=//evil>',
  '<<script></script>link rel=preconnect href=//evil>',
  '<<meta>/link><<<base>meta>',
  // Where browsers read no tags, or others.
  '<style><a title="</style><link rel=preconnect href=//evil>"></style>',
  '<title><b a="</title><link rel=preconnect href=//evil>">',
  '<!-- <b a="--><link rel=preconnect href=//evil>">',
  "<textarea><i x='</textarea><base href=//evil>'>",
  '<svg><style><x y="</style><link rel=preconnect href=//evil>">',
  '<b a="><link rel=preconnect href=//evil>',
  "<b a='><meta http-equiv=refresh>",
  '<link/rel=preconnect/href=//evil>',
  '<LiNk\nrel=preconnect\thref=//evil>',
  '<meta\f>',
  '<link',
  '<script',
  '<script>x</script y="',
  '<object data="data:text/html,<link rel=preconnect href=//evil>">',
]

test('nothing that leads away is left, however it is hidden', () => {
  for (const trick of tricks) {
    const left = harmless(`<p>a</p>${trick}`)
    assert.doesNotMatch(left, led, trick)
    assert.match(left, /^<p>a<\/p>/, trick)
  }
  // Whatever is taken out leaves nothing of this kind behind it, wherever it stood.
  for (const one of tricks) for (const other of tricks) assert.doesNotMatch(harmless(one + other), led)
})

test('of usual mail nothing is seen of what is left out', () => {
  const mail = `<html><head><meta charset="utf-8"><meta content=it's><link rel="stylesheet" href="x"><style>p > b { color: red }</style></head><body><script>if (a < b) alert("<p>")</script><p title="a > b">kept <b>this</b> &lt;link&gt; <metal> <linked-x></p></body></html>`
  assert.equal(
    harmless(mail),
    '<html><head>   <style>p > b { color: red }</style></head><body> <p title="a > b">kept <b>this</b> &lt;link&gt; <metal> <linked-x></p></body></html>',
  )
})

test('links open beside the page, whatever they say', () => {
  assert.equal(
    harmless(`<a href="/x?target=1"\ntarget = "_self">target=1</a><AREA TARGET=_top><b target=x>`),
    `<a href="/x?target=1"\ndata-target = "_self">target=1</a><AREA data-target=_top><b target=x>`,
  )
})

test('it takes time in proportion to the length', () => {
  const pieces = [
    '<script>',
    '<link ',
    '<meta a="',
    "<b a='",
    '</script ',
    '<',
    '<!--',
    '<style>',
    '>"\'',
    '= ',
    '="',
  ]
  const long = pieces.map((piece) => piece.repeat(Math.ceil(2_000_000 / piece.length)))
  // With a search from each to the end it would be hours.
  for (const text of [...long, long.join('')]) assert.doesNotMatch(harmless(text), led)
})
