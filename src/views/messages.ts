/** What the server and the thread that keeps the views say to each other, and how that thread behaves. */
export type ToViews = { readonly kind: 'stop' } | { readonly kind: 'rebuild'; readonly name: string }
export type FromViews =
  | { readonly kind: 'ready' }
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'notice'; readonly line: string }

/** Milliseconds between two looks at the log: what a view lags behind at least when there is little to do. */
export const wakeEvery = 25
/** Milliseconds to rest when the views could not be written. */
export const restAfterFault = 1_000
/** Added to the thread's nice value: about a third of a busy core at most beside the others. */
export const niceness = 5
/**
 * Events appended during one batch from which the server is held to be busy. Then the views leave the processor to those who
 * talk to clients, for some multiple of their own work.
 */
export const growingFrom = 500
export const restPerWork = 9
/** Views this many events behind may take more: a burst is filed after it, a flood while it lasts. */
export const farBehind = 100_000
export const restPerWorkFarBehind = 3
/** Milliseconds. */
export const longestRest = 1_000
