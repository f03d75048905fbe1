/** Colours and type of a picture, for light paper and dark. */
export const style = `
text { font-family: system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #1f2933; }
.paper { fill: #ffffff; }
.state { fill: #f5f8fc; stroke: #52667a; stroke-width: 1.4; }
.compound, .parallel { fill: #fbfcfe; }
.anytime { fill: #fffaf0; stroke: #b7791f; stroke-dasharray: 5 4; }
.final { fill: #edf2f0; }
.inner { fill: none; stroke: #52667a; stroke-width: 1; }
.rule { stroke: #cbd5e0; stroke-width: 1; fill: none; }
.start { fill: #1f2933; }
.edge { fill: none; stroke: #52667a; stroke-width: 1.4; }
.ending { stroke: #a9b7c6; stroke-width: 1.1; }
.head { fill: #52667a; stroke: none; }
.plate { fill: #ffffff; fill-opacity: 0.92; }
.title { font-size: 14px; font-weight: 600; }
.line { font-size: 11px; fill: #52606d; }
.heading { font-size: 11px; font-style: italic; fill: #7b8794; }
.label { font-size: 11px; }
.count { font-size: 11px; font-weight: 600; fill: #2b6cb0; }
.never { fill: #9aa5b1; font-weight: 400; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e9ef; }
  .paper { fill: #14181d; }
  .state { fill: #1f2731; stroke: #8fa3b8; }
  .compound, .parallel { fill: #191f26; }
  .anytime { fill: #2b2416; stroke: #d69e2e; }
  .final { fill: #20302b; }
  .inner { stroke: #8fa3b8; }
  .rule { stroke: #394654; }
  .start { fill: #e4e9ef; }
  .edge { stroke: #8fa3b8; }
  .ending { stroke: #56677a; }
  .head { fill: #8fa3b8; }
  .plate { fill: #14181d; }
  .line { fill: #a9b7c6; }
  .heading { fill: #7d8c9c; }
  .count { fill: #7fb5f0; }
  .never { fill: #6b7885; }
}
`

/** For pictures with the way of a history on them. */
export const litStyle = `
.state.lit { fill: #dbeafe; stroke: #2b6cb0; stroke-width: 2.2; }
.edge.lit { stroke: #2b6cb0; stroke-width: 2.4; }
.head.lit { fill: #2b6cb0; }
.taken { fill: #2b6cb0; font-weight: 700; }
@media (prefers-color-scheme: dark) {
  .state.lit { fill: #1e3a5f; stroke: #7fb5f0; }
  .edge.lit { stroke: #7fb5f0; }
  .head.lit { fill: #7fb5f0; }
  .taken { fill: #7fb5f0; }
}
`
