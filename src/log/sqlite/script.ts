/** The URL of a worker's script beside a module: `.ts` in the checkout, `.js` in the built package. */
export const scriptBeside = (moduleUrl: string, name: string): URL =>
  new URL(`./${name}${moduleUrl.endsWith('.ts') ? '.ts' : '.js'}`, moduleUrl)
