/** Signs of HTML that are written by their names or numbers: those that HTML 4 had, which is what mail is written in. */

/** U+00A0 to U+00FF, in their order. */
const latin =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'
/** From U+0391 and from U+03B1; `-` where there is none. */
const greek =
  'Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho - Sigma Tau Upsilon Phi Chi Psi Omega'
const smallGreek =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma tau upsilon phi chi psi omega'
const others =
  'quot 22 amp 26 apos 27 lt 3C gt 3E OElig 152 oelig 153 Scaron 160 scaron 161 Yuml 178 fnof 192 circ 2C6 tilde 2DC ensp 2002 emsp 2003 thinsp 2009 zwnj 200C zwj 200D lrm 200E rlm 200F ndash 2013 mdash 2014 lsquo 2018 rsquo 2019 sbquo 201A ldquo 201C rdquo 201D bdquo 201E dagger 2020 Dagger 2021 bull 2022 hellip 2026 permil 2030 prime 2032 Prime 2033 lsaquo 2039 rsaquo 203A oline 203E frasl 2044 euro 20AC image 2111 weierp 2118 real 211C trade 2122 larr 2190 uarr 2191 rarr 2192 darr 2193 harr 2194 rArr 21D2 hArr 21D4 minus 2212 radic 221A infin 221E asymp 2248 ne 2260 le 2264 ge 2265'

const row = (names: string, first: number): readonly (readonly [string, string])[] =>
  names.split(' ').map((name, at) => [name, String.fromCodePoint(first + at)])
const pairs = (text: string): readonly (readonly [string, string])[] =>
  [...text.matchAll(/(\w+) ([0-9A-F]+)(?: |$)/g)].map(([, name = '', code = '']) => [
    name,
    String.fromCodePoint(Number.parseInt(code, 16)),
  ])
const named = new Map([
  ...row(latin, 0xa0),
  ...row(greek, 0x391),
  ...row(smallGreek, 0x3b1),
  ...pairs(others),
])

const numbered = (digits: string, base: 10 | 16): string => {
  const code = Number.parseInt(digits, base)
  const isSign = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isSign ? String.fromCodePoint(code) : '\ufffd'
}

/** What names no sign stands for itself. */
export const withSigns = (text: string): string =>
  text.includes('&')
    ? text.replace(
        /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}\d{0,2}));?/gi,
        (whole: string, decimal?: string, hex?: string, name = '') => {
          if (decimal !== undefined) return numbered(decimal, 10)
          return hex === undefined ? (named.get(name) ?? whole) : numbered(hex, 16)
        },
      )
    : text
