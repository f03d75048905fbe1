/** Laid out when the page is built: see `scripts/web-build.ts`. */
declare module 'virtual:charts' {
  export const charts: readonly import('../drawing/chart.ts').Chart[]
  /** With room for counts and times on every line. */
  export const countedCharts: readonly import('../drawing/chart.ts').Chart[]
}
declare module '*.css'
