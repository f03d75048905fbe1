export { openViews, type ViewReader } from './reader.ts'
export { startViews, type Views, type ViewsOptions } from './start.ts'
