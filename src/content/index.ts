export * from './port.ts'
export { type ContentOptions, openContentReader, openContentStore } from './store.ts'
